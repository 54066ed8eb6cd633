//! What the models are made of: a `block_on` over the lesson's own parker, and wakers that are
//! counted.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use lesson_waker::s8_parker::Parker;

/// A model of which not all orders can be tried: those in which a thread is stopped, while it could
/// go on, at most so many times. (`LOOM_MAX_PREEMPTIONS` sets a bound for all models.) Most bugs
/// need one or two.
pub fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(builder.preemption_bound.map_or(preemptions, |bound| bound.min(preemptions)));
    builder.check(model);
}

/// Polls after each wake until it is ready. If no wake comes, loom says that there is a deadlock.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let parker = Parker::new();
    let waker = parker.waker();
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        parker.park();
    }
}

/// Counts its wakes. Its `Arc` counts the wakers, and both are no part of the model: they order
/// nothing.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn new() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    pub fn wakes(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Says when it is dropped, and how often.
#[derive(Clone, Default)]
pub struct Canary(Arc<AtomicUsize>);

impl Canary {
    /// What is dropped, and where to see it.
    pub fn new() -> (Dropped, Canary) {
        let canary = Canary::default();
        (Dropped(canary.clone()), canary)
    }

    pub fn drops(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// What a [`Canary`] watches.
pub struct Dropped(Canary);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Relaxed);
    }
}
