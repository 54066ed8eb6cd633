//! The waker of the one future that an executor blocks on. That is no task: it need not be
//! `'static`, it stays on the stack of who blocks, and nobody joins it.

use std::{
    sync::{
        Arc,
        atomic::Ordering::{Acquire, Relaxed, Release},
    },
    task::{Wake, Waker},
};

use crate::sync::AtomicBool;

/// Whether the future is worth a poll.
pub struct Root {
    woken: AtomicBool,
    unparker: Waker,
}

impl Root {
    /// It is, at first. A wake unparks who blocks.
    pub fn new(unparker: Waker) -> Arc<Self> {
        Arc::new(Root { woken: AtomicBool::new(true), unparker })
    }

    /// Whether it has been woken since the last time that this was `true`. Then the caller sees
    /// what was done before each of those wakes.
    #[must_use = "the wake is taken"]
    pub fn take_wake(&self) -> bool {
        // The swap, which reads the last wake, only when there is one.
        self.woken.load(Relaxed) && self.woken.swap(false, Acquire)
    }

    /// Whether there is a wake to take. One that comes after the answer has unparked after it.
    pub fn is_woken(&self) -> bool {
        self.woken.load(Relaxed)
    }
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Written also if it says so already: this wake has something of its own to show.
        self.woken.swap(true, Release);
        self.unparker.wake_by_ref();
    }
}
