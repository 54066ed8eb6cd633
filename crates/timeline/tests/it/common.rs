//! What the tests share: a recording of this thread alone, and a record in few words.

use std::{
    future::{Future, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Wake, Waker},
};

use timeline::{By, Event, Recording, Role, Timeline};
use tracing_subscriber::layer::SubscriberExt;

/// Records what `body` does on this thread. What it returns is dropped when the recording has
/// ended.
pub fn record<T>(body: impl FnOnce() -> T) -> Timeline {
    let (layer, recording) = Recording::layer();
    let _kept = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), body);
    let timeline = recording.finish();
    assert_eq!(timeline.problems(), []);
    timeline
}

/// Does something on another thread, whose events go where this thread's go.
pub fn elsewhere<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    let here = tracing::dispatcher::get_default(Clone::clone);
    std::thread::scope(|scope| scope.spawn(|| tracing::dispatcher::with_default(&here, body)).join().unwrap())
}

/// Each event as `name: what it is`, with the name of its task and its role; for events without a
/// task only what it is.
pub fn story(timeline: &Timeline) -> Vec<String> {
    let name = |id| {
        let spawns = timeline.records().iter().filter_map(|record| match &record.event {
            Event::Spawn { task, name, .. } => Some((*task, name)),
            _ => None,
        });
        spawns.into_iter().find(|(task, _)| *task == id).map_or("?", |(_, name)| name)
    };
    let records = timeline.records().iter().map(|record| {
        let what = match &record.event {
            Event::Poll { n, waker, .. } => format!("poll {n} with {waker}"),
            Event::Clone { waker, .. } => format!("clone {waker}"),
            Event::Wake { waker, by: By::Value, .. } => format!("wake {waker} by value"),
            Event::Wake { waker, by: By::Ref, .. } => format!("wake {waker} by ref"),
            Event::Release { waker, .. } => format!("release {waker}"),
            Event::Register { at, .. } => format!("register at {at}"),
            event => event.name().to_owned(),
        };
        let role = match record.role {
            None | Some(Role::Effective) => "",
            Some(Role::Cause(seq)) => {
                let cause = timeline.records().iter().find(|record| record.seq == seq);
                &format!(" after {}", cause.expect("a cause is in the record").event.name())
            }
            Some(Role::Spurious) => ", spurious",
            Some(Role::Coalesced(_)) => ", coalesced",
            Some(Role::Outdated) => ", outdated",
            Some(Role::Late) => ", late",
        };
        let task = record.task().map(|task| format!("{}: ", name(task.id))).unwrap_or_default();
        format!("{task}{what}{role}")
    });
    records.collect()
}

/// A runtime's waker that counts its wakes.
#[derive(Default)]
pub struct Counter(AtomicUsize);

impl Counter {
    pub fn new() -> (Arc<Counter>, Waker) {
        let counter = Arc::new(Counter::default());
        (counter.clone(), counter.into())
    }

    pub fn wakes(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Ready at poll `polls`, with how often it was polled; until then it wakes itself.
pub fn countdown(polls: usize) -> impl Future<Output = usize> + Send {
    let mut polled = 0;
    poll_fn(move |context| {
        polled += 1;
        if polled == polls {
            return Poll::Ready(polled);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
