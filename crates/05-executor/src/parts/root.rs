//! The waker of the root, the future that `block_on` runs. The root is not a task: it stays on the
//! stack of `block_on`, so it need not be `'static`, and it has no place in the run queue.

use std::{
    sync::{
        Arc,
        atomic::Ordering::{Acquire, Relaxed, Release},
    },
    task::{Wake, Waker},
};

use crate::sync::AtomicBool;

/// Remembers whether the root was woken.
pub struct RootWaker {
    woken: AtomicBool,
    unparker: Waker,
}

impl RootWaker {
    /// Creates the waker of a new root. The new root counts as woken, so that it is polled once.
    /// Each wake also calls `unparker`, which ends the sleep of the thread in `block_on`.
    pub fn new(unparker: Waker) -> Arc<Self> {
        Arc::new(RootWaker { woken: AtomicBool::new(true), unparker })
    }

    /// Returns whether the root was woken since the last `true`.
    ///
    /// After `true`, the caller sees everything that each waking thread did before its wake: the
    /// `Acquire` here pairs with the `Release` of the wake.
    #[must_use = "the wake is taken"]
    pub fn take_wake(&self) -> bool {
        // The load is cheap. The swap is only needed when there is a wake to take.
        self.woken.load(Relaxed) && self.woken.swap(false, Acquire)
    }

    /// Returns whether the root was woken and that wake was not taken yet. A wake after this call
    /// is not lost: it unparks the thread.
    pub fn is_woken(&self) -> bool {
        self.woken.load(Relaxed)
    }
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Every wake writes the flag, even if it is set already. So the next `take_wake` reads this
        // write, and sees what this thread did before its wake. A swap keeps the writes of earlier
        // wakes visible too; a plain store would hide them.
        self.woken.swap(true, Release);
        self.unparker.wake_by_ref();
    }
}
