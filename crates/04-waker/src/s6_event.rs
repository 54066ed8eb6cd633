//! Stage 6: the lost wakeup, mended. Register, then check: who waits leaves a waker first and looks
//! second. An event that happens in between finds the waker, or is seen.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        PoisonError,
        atomic::Ordering::{Acquire, Release},
    },
    task::{Context, Poll, Waker},
};

use crate::{
    parts::event,
    sync::{AtomicBool, Mutex, MutexGuard},
};

/// Happens once; one [`Wait`] at a time may wait for it.
pub struct Event {
    happened: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Event {
    /// It has not happened.
    pub fn new() -> Self {
        Event { happened: AtomicBool::new(false), waker: Mutex::new(None) }
    }

    // ANCHOR: set
    /// It happens now, and wakes who waits.
    pub fn set(&self) {
        event::fire("event");
        self.happened.store(true, Release);
        // Taken, and woken when the lock is gone: a wake may run anybody's code.
        let waker = self.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
    // ANCHOR_END: set

    /// Ready once it has happened. Cancel safe: dropped, it lets go of the waker that is kept.
    pub fn wait(&self) -> Wait<'_> {
        Wait(self)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
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
        let waker = cx.waker().clone();
        let last = self.0.lock().replace(waker);
        drop(last);
        // After the waker is there, and not before. Model: `event_behind_a_mutex`.
        if self.0.happened.load(Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
    // ANCHOR_END: poll
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let last = self.0.lock().take();
        drop(last);
    }
}
