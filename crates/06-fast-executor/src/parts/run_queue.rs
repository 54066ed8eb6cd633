//! The run queue: first in, first out. Every thread pushes.

use std::{collections::VecDeque, mem, sync::PoisonError};

use super::task::ScheduledTask;
use crate::sync::{Mutex, MutexGuard};

/// A queue of scheduled tasks behind a lock.
pub struct RunQueue(Mutex<QueueEntries>);

struct QueueEntries {
    tasks: VecDeque<ScheduledTask>,
    closed: bool,
}

impl RunQueue {
    /// Creates an empty queue.
    pub fn new() -> Self {
        RunQueue(Mutex::new(QueueEntries { tasks: VecDeque::new(), closed: false }))
    }

    /// Adds an entry at the end. If the queue is closed, the entry is dropped.
    pub fn push(&self, task: ScheduledTask) {
        let mut entries = self.lock();
        if entries.closed {
            // The lock is released first. This may be the last reference to the task, and the drop
            // of a task may run code that takes the lock, or drop this queue.
            drop(entries);
            return drop(task);
        }
        entries.tasks.push_back(task);
    }

    /// Takes the entry that has waited longest.
    #[inline]
    pub fn pop(&self) -> Option<ScheduledTask> {
        self.lock().tasks.pop_front()
    }

    /// Drops all entries, and every entry that is pushed later.
    pub fn close(&self) {
        let mut entries = self.lock();
        entries.closed = true;
        let tasks = mem::take(&mut entries.tasks);
        drop(entries);
        // The lock is released: as in `push`, the drop of a task may run code that takes it.
        drop(tasks);
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.lock().tasks.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, QueueEntries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for RunQueue {
    fn default() -> Self {
        RunQueue::new()
    }
}
