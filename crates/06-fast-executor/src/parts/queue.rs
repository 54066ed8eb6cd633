//! A run queue: first in, first out, filled from any thread.

use std::{collections::VecDeque, sync::PoisonError};

use crate::sync::{Mutex, MutexGuard};

/// A queue that many fill, until it is closed.
pub struct Queue<T>(Mutex<Entries<T>>);

struct Entries<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Queue(Mutex::new(Entries { waiting: VecDeque::new(), closed: false }))
    }

    /// Adds an entry at the end. If the queue is closed, the entry is dropped.
    pub fn push(&self, entry: T) {
        let mut entries = self.lock();
        if entries.closed {
            // Without the lock: it may be the last reference to a task, and to this queue.
            drop(entries);
            return drop(entry);
        }
        entries.waiting.push_back(entry);
    }

    /// Takes the entry that has waited longest.
    pub fn pop(&self) -> Option<T> {
        self.lock().waiting.pop_front()
    }

    /// Lets go of all entries, and of those that are still to come.
    pub fn close(&self) {
        let mut entries = self.lock();
        entries.closed = true;
        let waiting = std::mem::take(&mut entries.waiting);
        drop(entries);
        // Without the lock, as above.
        drop(waiting);
    }

    /// How many wait in it.
    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Whether nobody waits in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue::new()
    }
}
