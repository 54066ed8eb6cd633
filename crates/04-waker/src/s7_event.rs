//! Stage 7: the same without a lock. `AtomicWaker` is a place for one waker: `register` keeps one,
//! `wake` takes it out and wakes it, and of two that come at once none is lost. The order stays:
//! register, then check.

use std::{
    future::Future,
    pin::Pin,
    sync::atomic::Ordering::{Acquire, Release},
    task::{Context, Poll},
};

use crate::{
    parts::{atomic_waker::AtomicWaker, event},
    sync::AtomicBool,
};

/// Happens once; one [`Wait`] at a time may wait for it.
pub struct Event {
    happened: AtomicBool,
    waker: AtomicWaker,
}

impl Event {
    /// It has not happened.
    pub fn new() -> Self {
        Event { happened: AtomicBool::new(false), waker: AtomicWaker::new() }
    }

    // ANCHOR: set
    /// It happens now, and wakes who waits.
    pub fn set(&self) {
        event::fire("event");
        self.happened.store(true, Release);
        self.waker.wake();
    }
    // ANCHOR_END: set

    /// Ready once it has happened. Cancel safe: dropped, it lets go of the waker that is kept.
    pub fn wait(&self) -> Wait<'_> {
        Wait(self)
    }
}

impl Default for Event {
    fn default() -> Self {
        Event::new()
    }
}

/// What [`Event::wait`] gives.
pub struct Wait<'a>(&'a Event);

impl Future for Wait<'_> {
    type Output = ();

    // ANCHOR: poll
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        event::register("event");
        self.0.waker.register(cx.waker());
        // After the waker is there, and not before. Model: `event_over_an_atomic_waker`.
        if self.0.happened.load(Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
    // ANCHOR_END: poll
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        drop(self.0.waker.take());
    }
}
