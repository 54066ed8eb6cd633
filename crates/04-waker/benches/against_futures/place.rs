//! The place for one waker.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Release},
        },
    },
    task::Waker,
    thread,
};

use measure::Row;

use super::tools::{Apart, Flag};
use crate::row;

/// The adapter: what is asked of either, called and not inlined.
trait Place: Send + Sync + 'static {
    fn new() -> Self;
    fn register(&self, waker: &Waker);
    fn wake(&self);
}

impl Place for lesson_waker::parts::atomic_waker::AtomicWaker {
    fn new() -> Self {
        Self::new()
    }

    #[inline(never)]
    fn register(&self, waker: &Waker) {
        self.register(waker);
    }

    #[inline(never)]
    fn wake(&self) {
        self.wake();
    }
}

impl Place for futures::task::AtomicWaker {
    fn new() -> Self {
        Self::new()
    }

    #[inline(never)]
    fn register(&self, waker: &Waker) {
        self.register(waker);
    }

    #[inline(never)]
    fn wake(&self) {
        self.wake();
    }
}

pub fn rows() -> Vec<Row> {
    type Ours = lesson_waker::parts::atomic_waker::AtomicWaker;
    type Theirs = futures::task::AtomicWaker;
    vec![
        row("place: register, wake", 2_000_000, alternating::<Ours>, alternating::<Theirs>),
        row("place: register the same waker again", 4_000_000, again::<Ours>, again::<Theirs>),
        row("place: wake when nobody waits", 4_000_000, nobody::<Ours>, nobody::<Theirs>),
        row("place: register here, wake there, in turn", 300_000, two_threads::<Ours>, two_threads::<Theirs>),
    ]
}

fn alternating<P: Place>(times: u64) {
    let (place, (_flag, waker)) = (black_box(P::new()), Flag::new());
    for _ in 0..times {
        place.register(&waker);
        place.wake();
    }
}

fn again<P: Place>(times: u64) {
    let (place, (_flag, waker)) = (black_box(P::new()), Flag::new());
    for _ in 0..times {
        place.register(&waker);
    }
}

fn nobody<P: Place>(times: u64) {
    let place = black_box(P::new());
    for _ in 0..times {
        place.wake();
    }
}

/// One registers and asks for a wake, and another thread, which spins for that, wakes.
fn two_threads<P: Place>(times: u64) {
    let shared = Arc::new((Apart(P::new()), Apart(AtomicU64::new(0))));
    let there = Arc::clone(&shared);
    let waking = thread::spawn(move || {
        for asked in 1..=times {
            while there.1.0.load(Acquire) < asked {}
            there.0.0.wake();
        }
    });
    let (flag, waker) = Flag::new();
    for asked in 1..=times {
        shared.0.0.register(&waker);
        shared.1.0.store(asked, Release);
        flag.wait();
    }
    waking.join().expect("nobody panics");
}
