//! The injector: the queue that all workers of a pool share, beside their own. It holds the tasks
//! that other threads queue, and those for which a worker's own queue has no room.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        PoisonError,
        atomic::Ordering::{Acquire, Release},
    },
};

use super::ring::{LocalRing, RING_SIZE};
use crate::{
    parts::task::ScheduledTask,
    sync::{AtomicUsize, Mutex, MutexGuard},
};

/// A queue, first in, first out, that every thread fills. Its entries are the **injected** tasks.
pub struct Injector {
    entries: Mutex<InjectedTasks>,
    /// The number of entries. It is written under the lock and read without it.
    len: AtomicUsize,
}

struct InjectedTasks {
    tasks: VecDeque<ScheduledTask>,
    closed: bool,
}

impl Injector {
    /// Creates an empty injector.
    pub fn new() -> Self {
        let entries = Mutex::new(InjectedTasks { tasks: VecDeque::new(), closed: false });
        Injector { entries, len: AtomicUsize::new(0) }
    }

    /// Adds entries at the end. If the injector is closed, they are dropped.
    pub fn push(&self, tasks: impl IntoIterator<Item = ScheduledTask>) {
        let mut entries = self.lock();
        if entries.closed {
            // Drop them without the lock: they may be the last references to their tasks, and the
            // tasks may hold the last reference to this injector.
            drop(entries);
            return tasks.into_iter().for_each(drop);
        }
        entries.tasks.extend(tasks);
        self.len.store(entries.tasks.len(), Release);
    }

    // ANCHOR: take
    /// Takes the entry that has waited longest, and moves some of the next ones into the worker's
    /// own queue. These are its share of the rest, divided by the number of workers, but at most
    /// half of the room of its queue.
    pub fn take(&self, ring: &LocalRing, workers: usize) -> Option<ScheduledTask> {
        if self.is_empty() {
            return None;
        }
        let mut entries = self.lock();
        let first = entries.tasks.pop_front()?;
        let more = (entries.tasks.len() / workers).min(RING_SIZE / 2).min(ring.room());
        ring.extend(entries.tasks.drain(..more));
        self.len.store(entries.tasks.len(), Release);
        Some(first)
    }
    // ANCHOR_END: take

    /// Takes the entry that has waited longest.
    pub fn take_one(&self) -> Option<ScheduledTask> {
        if self.is_empty() {
            return None;
        }
        let mut entries = self.lock();
        let first = entries.tasks.pop_front();
        self.len.store(entries.tasks.len(), Release);
        first
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len.load(Acquire) == 0
    }

    /// Drops all entries, and every entry that is pushed later.
    pub fn close(&self) {
        let mut entries = self.lock();
        entries.closed = true;
        let tasks = mem::take(&mut entries.tasks);
        self.len.store(0, Release);
        drop(entries);
        // Without the lock, for the same reason as in `push`.
        drop(tasks);
    }

    fn lock(&self) -> MutexGuard<'_, InjectedTasks> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Injector {
    fn default() -> Self {
        Injector::new()
    }
}
