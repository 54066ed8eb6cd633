//! What tracing costs: the same future polled bare, traced without a recording, and traced while
//! one runs.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

use timeline::{Recording, Traced};

const POLLS: u32 = 200_000;

/// A runtime's waker that does next to nothing.
#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A future that at each poll keeps a clone of its waker, and wakes by the one before.
fn keeps() -> impl Future<Output = ()> {
    let mut kept = None::<Waker>;
    poll_fn(move |context| {
        if let Some(waker) = kept.replace(context.waker().clone()) {
            waker.wake();
        }
        Poll::Pending
    })
}

fn nanos_a_poll(future: impl Future) -> u128 {
    let (mut future, waker) = (pin!(future), Arc::new(Count::default()).into());
    let start = Instant::now();
    for _ in 0..POLLS {
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    start.elapsed().as_nanos() / u128::from(POLLS)
}

fn main() {
    println!("{:>6} ns a poll with its clone and its wake, bare", nanos_a_poll(keeps()));
    println!("{:>6} ns in Traced, without a recording", nanos_a_poll(Traced::new("keeps", keeps())));
    let recording = Recording::start().expect("there is no other subscriber");
    println!("{:>6} ns in Traced while a recording runs: four events", nanos_a_poll(Traced::new("keeps", keeps())));
    let start = Instant::now();
    let timeline = recording.finish();
    println!("{:>6} ns an event for finish", start.elapsed().as_nanos() / timeline.records().len() as u128);
}
