//! The same tasks for every runtime, and what must be in the record of them: one wakes itself, one
//! is woken from a thread of ours, one has two traced children, and one is cancelled.

use std::{
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    thread,
};

use futures::future::join;
use timeline::{By, Event, Record, Role, Timeline, Traced};

use crate::common::countdown;

type Job = Pin<Box<dyn Future<Output = usize> + Send>>;

/// The tasks that end, each with the number of its polls as far as it knows.
pub fn jobs() -> [Job; 3] {
    let children = join(Traced::new("left", countdown(1)), Traced::new("right", woken_from("one thread")));
    [
        Box::pin(Traced::new("by itself", countdown(3))),
        Box::pin(Traced::new("outside", woken_from("another"))),
        Box::pin(Traced::new("parent", async { children.await.0 + 1 })),
    ]
}

/// Waits for ever, and tells of its first poll.
pub fn endless(polled: futures::channel::oneshot::Sender<()>) -> impl Future<Output = ()> + Send {
    Traced::new("endless", async {
        polled.send(()).unwrap();
        pending().await
    })
}

/// Woken once, from a thread of this name, by a clone of the waker of its first poll.
fn woken_from(name: &'static str) -> impl Future<Output = usize> + Send {
    let (happened, mut polls) = (Arc::new(AtomicBool::new(false)), 0);
    poll_fn(move |context| {
        polls += 1;
        if happened.load(SeqCst) {
            return Poll::Ready(polls);
        }
        if polls == 1 {
            let (waker, happened) = (context.waker().clone(), happened.clone());
            let fire = move || {
                happened.store(true, SeqCst);
                waker.wake();
            };
            thread::Builder::new().name(name.into()).spawn(fire).unwrap();
        }
        Poll::Pending
    })
}

/// What the record of all of them must say, whatever the runtime did. `results` are those of
/// [`jobs`].
pub fn check(timeline: &Timeline, results: [usize; 3]) {
    assert_eq!(timeline.problems(), []);
    assert_eq!(timeline.stuck(), []);
    let of = |name: &str| -> Vec<&Record> {
        let spawned = |record: &&Record| matches!(&record.event, Event::Spawn { name: its, .. } if its == name);
        let task = timeline.records().iter().find(spawned).and_then(Record::task).expect("it was made");
        timeline
            .records()
            .iter()
            .filter(|record| record.event.task().is_some() && record.task().as_ref() == Some(&task))
            .collect()
    };
    let polls = |name| of(name).into_iter().filter(|record| record.event.name() == "poll").count();
    let thread = |record: &Record| &*timeline.threads()[record.thread];

    assert_eq!(results[0], 3);
    assert_eq!((polls("by itself"), polls("outside")), (3, results[1]), "as many polls as they counted themselves");
    for name in ["by itself", "outside", "left", "right", "parent"] {
        let events = of(name);
        assert_eq!((events[0].event.name(), events[1].role), ("spawn", Some(Role::Cause(events[0].seq))), "{name}");
        assert!(events.iter().any(|record| record.event.name() == "ready"), "{name}");
        assert_eq!(events.iter().filter(|record| record.event.name() == "drop").count(), 1, "{name}");
    }
    for (name, on) in [("right", "one thread"), ("outside", "another")] {
        let events = of(name);
        let wake = events.iter().find(|record| matches!(record.event, Event::Wake { by: By::Value, .. })).unwrap();
        assert_eq!((thread(wake), wake.role, &wake.during), (on, Some(Role::Effective), &None), "{name}");
        let last = events.iter().rfind(|record| record.event.name() == "poll").unwrap();
        assert_eq!(last.role, Some(Role::Cause(wake.seq)), "{name}");
    }
    // The wake of the inner waker is the cause of that of the outer one, and stands before it.
    let inner = of("right").into_iter().find(|record| record.event.name() == "wake").unwrap();
    let outer = of("parent")
        .into_iter()
        .find(|record| record.event.name() == "wake" && thread(record) == "one thread")
        .unwrap();
    assert!(inner.seq < outer.seq);
    let endless: Vec<_> = of("endless").into_iter().map(|record| record.event.name()).collect();
    assert_eq!(endless, ["spawn", "poll", "pending", "drop"]);
    // A poll begins and ends on one thread, and all causes come before their effects.
    for record in timeline.records() {
        if let Some(Role::Cause(seq) | Role::Coalesced(seq)) = record.role {
            assert!(seq < record.seq);
        }
        if let Event::Pending { task, n } | Event::Ready { task, n } = record.event {
            let begins =
                |begin: &&Record| matches!(begin.event, Event::Poll { task: its, n: at, .. } if (its, at) == (task, n));
            assert_eq!(timeline.records().iter().find(begins).map(|begin| begin.thread), Some(record.thread));
        }
    }
}

/// Where the tasks run on threads of the runtime alone, those are in the record.
pub fn check_workers(timeline: &Timeline) {
    let polls = timeline.records().iter().filter(|record| record.event.name() == "poll");
    let main = timeline.records()[0].thread;
    assert!(polls.into_iter().all(|poll| poll.thread != main), "{:?}", timeline.threads());
}
