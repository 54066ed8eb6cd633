//! Stage 5, which is wrong: the lost wakeup. An event wakes the one who waits for it, if there is
//! one; who waits looks whether it has happened, and if it has not, leaves a waker. What happens
//! between the two is seen by nobody.

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
        if self.0.happened.load(Acquire) {
            return Poll::Ready(());
        }
        event::register("event");
        let waker = cx.waker().clone();
        let last = self.0.lock().replace(waker);
        drop(last);
        Poll::Pending
    }
    // ANCHOR_END: poll
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let last = self.0.lock().take();
        drop(last);
    }
}
