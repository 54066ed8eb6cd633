//! The tasks that other threads have woken, until the owner thread takes them. It is a list behind
//! a lock, which is held only for a push or a swap. A flag tells the owner thread without the lock
//! that the list is empty.

use std::{
    mem,
    sync::{PoisonError, atomic::Ordering::Relaxed},
};

use super::slot::TaskSlot;
use crate::sync::{AtomicBool, Mutex, MutexGuard};

/// The list.
pub(super) struct RemoteWakes {
    /// Whether there is an entry. Written under the lock.
    any: AtomicBool,
    entries: Mutex<WokenTasks>,
}

#[derive(Default)]
struct WokenTasks {
    tasks: Vec<TaskSlot>,
    closed: bool,
}

/// What a push has found.
#[must_use]
pub(super) enum RemotePush {
    /// The list was empty: the caller unparks the owner thread.
    First,
    /// The list was not empty: the thread that pushed the first entry unparks.
    Behind,
    /// The list is closed, and the task is not in it.
    Closed,
}

impl RemoteWakes {
    pub(super) fn new() -> Self {
        RemoteWakes { any: AtomicBool::new(false), entries: Mutex::new(WokenTasks::default()) }
    }

    /// Adds a task.
    pub(super) fn push(&self, task: TaskSlot) -> RemotePush {
        let mut entries = self.lock();
        if entries.closed {
            return RemotePush::Closed;
        }
        entries.tasks.push(task);
        if entries.tasks.len() > 1 {
            return RemotePush::Behind;
        }
        self.any.store(true, Relaxed);
        RemotePush::First
    }

    /// Whether there is nothing to take. This may miss a recent push; but that push is followed by
    /// an unpark that has not happened yet.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        !self.any.load(Relaxed)
    }

    /// Swaps the list with `tasks`, which is empty. The task that has waited longest is the first.
    pub(super) fn take(&self, tasks: &mut Vec<TaskSlot>) {
        let mut entries = self.lock();
        self.any.store(false, Relaxed);
        mem::swap(&mut entries.tasks, tasks);
    }

    /// Takes all tasks, and closes the list.
    pub(super) fn close(&self) -> Vec<TaskSlot> {
        let mut entries = self.lock();
        entries.closed = true;
        self.any.store(false, Relaxed);
        mem::take(&mut entries.tasks)
    }

    fn lock(&self) -> MutexGuard<'_, WokenTasks> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
