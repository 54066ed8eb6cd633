//! A recording of a hundred thousand events from several threads neither loses nor reorders one.

use std::{
    cell::RefCell,
    collections::HashMap,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Barrier, Mutex},
    task::{Context, Poll, Waker},
    thread,
};

use timeline::{Event, Recording, Traced};
use tracing::trace;

use crate::alone::alone;

const THREADS: usize = 4;
const EACH: usize = 25_000;

/// The remarks of the record, with the name of their thread.
fn notes(timeline: &timeline::Timeline) -> impl Iterator<Item = (&str, &str)> {
    timeline.records().iter().filter_map(|record| match &record.event {
        Event::Note { text, .. } => Some((&*timeline.threads()[record.thread], &**text)),
        _ => None,
    })
}

thread_local! {
    static LAST: RefCell<Option<Waker>> = const { RefCell::new(None) };
}

#[test]
fn nothing_is_lost_or_out_of_order() {
    alone(|| {
        let recording = Recording::start().unwrap();
        let together = Barrier::new(THREADS);
        let shared = Mutex::new(0);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let run = || {
                    together.wait();
                    // As fast as they can, each counting by itself.
                    (0..EACH / 2).for_each(|own| trace!(target: "future", event = "note", text = %own));
                    together.wait();
                    // And in an order that a lock gives them.
                    for _ in 0..EACH / 2 {
                        let mut next = shared.lock().unwrap();
                        trace!(target: "future", event = "note", text = %next);
                        *next += 1;
                    }
                };
                thread::Builder::new().name(format!("counter {number}")).spawn_scoped(scope, run).unwrap();
            }
        });
        let half = THREADS * EACH / 2;

        // A waker that a thread drops at its very end is in the record as well.
        thread::Builder::new()
            .name("ends".into())
            .spawn(|| {
                let keeps = poll_fn(|context| {
                    LAST.set(Some(context.waker().clone()));
                    Poll::<()>::Pending
                });
                assert!(pin!(Traced::new("keeps", keeps)).poll(&mut Context::from_waker(Waker::noop())).is_pending());
            })
            .unwrap()
            .join()
            .unwrap();

        let timeline = recording.finish();
        assert_eq!(timeline.problems(), []);
        let notes: Vec<_> = notes(&timeline).collect();
        assert_eq!(notes.len(), 2 * half);
        let mut next = HashMap::new();
        for (thread, own) in &notes[..half] {
            let next = next.entry(thread).or_insert(0);
            assert_eq!(*own, next.to_string(), "on {thread}");
            *next += 1;
        }
        assert_eq!(next.into_values().collect::<Vec<_>>(), [EACH / 2; THREADS]);
        for (shared, (_, number)) in notes[half..].iter().enumerate() {
            assert_eq!(*number, shared.to_string());
        }
        assert!(timeline.records().iter().zip(1..).all(|(record, seq)| record.seq == seq));
        assert!(timeline.records().is_sorted_by(|one, next| one.nanos < next.nanos));

        let last = timeline.records().last().unwrap();
        assert_eq!((last.event.name(), &*timeline.threads()[last.thread]), ("release", "ends"));
    });
}
