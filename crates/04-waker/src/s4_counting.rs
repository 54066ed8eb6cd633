//! Stage 4: a waker around a waker, which counts what passes through it: who waits can see how
//! often it was woken, and whether anybody is left who could. Clones that came and went it cannot
//! see, since `Wake` is not asked: for that, count in a table of your own, as in stage 1.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Wake, Waker},
};

/// Counts, and wakes the waker within.
pub struct Counting {
    inner: Waker,
    /// Relaxed: they are counts, and order nothing.
    by_value: AtomicUsize,
    by_ref: AtomicUsize,
}

impl Counting {
    /// A counter around a waker: [`Waker::noop`], say. `Waker::from` makes a waker of a clone of
    /// the `Arc`.
    pub fn new(inner: Waker) -> Arc<Self> {
        Arc::new(Counting { inner, by_value: AtomicUsize::new(0), by_ref: AtomicUsize::new(0) })
    }

    /// How many wakes there have been that consumed the waker.
    pub fn by_value(&self) -> usize {
        self.by_value.load(Relaxed)
    }

    /// How many there have been that did not.
    pub fn by_ref(&self) -> usize {
        self.by_ref.load(Relaxed)
    }

    /// How many wakers there are of this counter now. Every `Arc` but one counts, so let no other
    /// be alive.
    pub fn alive(self: &Arc<Self>) -> usize {
        Arc::strong_count(self) - 1
    }
}

// ANCHOR: wake
impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.by_value.fetch_add(1, Relaxed);
        self.inner.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.by_ref.fetch_add(1, Relaxed);
        self.inner.wake_by_ref();
    }
}
// ANCHOR_END: wake
