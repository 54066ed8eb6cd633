//! Tasks that other threads have woken, until their own thread takes them: a list behind a lock,
//! which is held for a push or an exchange, and a flag, so that their own thread need not take the
//! lock to see that there are none.

use std::{
    mem,
    sync::{PoisonError, atomic::Ordering::Relaxed},
};

use super::slot::Slot;
use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// Those that were woken.
pub(super) struct Woken {
    /// Whether there are any. Written under the lock.
    any: AtomicBool,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    waiting: Vec<Slot>,
    closed: bool,
}

/// After a push.
#[must_use]
pub(super) enum Pushed {
    /// It is the first since the last time that they were taken.
    First,
    /// There were others, the first of which knows that it was that.
    Behind,
    /// It is not in there, and never will be.
    Closed,
}

impl Woken {
    pub(super) fn new() -> Self {
        Woken { any: AtomicBool::new(false), entries: Mutex::new(Entries::default()) }
    }

    /// Adds a task.
    pub(super) fn push(&self, task: Slot) -> Pushed {
        let mut entries = self.lock();
        if entries.closed {
            return Pushed::Closed;
        }
        entries.waiting.push(task);
        if entries.waiting.len() > 1 {
            return Pushed::Behind;
        }
        self.any.store(true, Relaxed);
        Pushed::First
    }

    /// Whether there is nothing to take. If that is old, whoever has pushed the first one since has
    /// not unparked yet.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        !self.any.load(Relaxed)
    }

    /// Takes all, the one first that has waited longest, and leaves the list that is given, which
    /// is empty, in their place.
    pub(super) fn take(&self, list: &mut Vec<Slot>) {
        let mut entries = self.lock();
        self.any.store(false, Relaxed);
        mem::swap(&mut entries.waiting, list);
    }

    /// Takes all, for the last time.
    pub(super) fn close(&self) -> Vec<Slot> {
        let mut entries = self.lock();
        entries.closed = true;
        self.any.store(false, Relaxed);
        mem::take(&mut entries.waiting)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
