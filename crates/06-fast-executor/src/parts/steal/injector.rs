//! The queue that all workers of a pool share beside their own: for what comes from other threads,
//! and for what a worker has no room for.

use std::{
    collections::VecDeque,
    sync::{
        PoisonError,
        atomic::Ordering::{Acquire, Release},
    },
};

use super::ring::{Local, ROOM};
use crate::{
    parts::task::Woken,
    sync::{AtomicUsize, Mutex, MutexGuard},
};

/// First in, first out, filled from any thread, until it is closed.
pub struct Injector {
    entries: Mutex<Entries>,
    /// How many wait, to be seen without the lock, under which it is written.
    len: AtomicUsize,
}

struct Entries {
    waiting: VecDeque<Woken>,
    closed: bool,
}

impl Injector {
    /// An empty one.
    pub fn new() -> Self {
        let entries = Mutex::new(Entries { waiting: VecDeque::new(), closed: false });
        Injector { entries, len: AtomicUsize::new(0) }
    }

    /// Adds entries at the end. If it is closed, they are dropped.
    pub fn push(&self, woken: impl IntoIterator<Item = Woken>) {
        let mut entries = self.lock();
        if entries.closed {
            // Without the lock: they may be the last references to their tasks, and to this.
            drop(entries);
            return woken.into_iter().for_each(drop);
        }
        entries.waiting.extend(woken);
        self.len.store(entries.waiting.len(), Release);
    }

    // ANCHOR: take
    /// Takes the entry that has waited longest, and into the worker's queue some of those after it:
    /// its share, if each of so many workers came for one, and half of its queue at most.
    pub fn take(&self, local: &Local, workers: usize) -> Option<Woken> {
        if self.is_empty() {
            return None;
        }
        let mut entries = self.lock();
        let first = entries.waiting.pop_front()?;
        let more = (entries.waiting.len() / workers).min(ROOM / 2).min(local.room());
        local.extend(entries.waiting.drain(..more));
        self.len.store(entries.waiting.len(), Release);
        Some(first)
    }
    // ANCHOR_END: take

    /// Takes the entry that has waited longest.
    pub fn take_one(&self) -> Option<Woken> {
        if self.is_empty() {
            return None;
        }
        let mut entries = self.lock();
        let first = entries.waiting.pop_front();
        self.len.store(entries.waiting.len(), Release);
        first
    }

    /// Whether nobody waits in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len.load(Acquire) == 0
    }

    /// Lets go of all entries, and of those that are still to come.
    pub fn close(&self) {
        let mut entries = self.lock();
        entries.closed = true;
        let waiting = std::mem::take(&mut entries.waiting);
        self.len.store(0, Release);
        drop(entries);
        // Without the lock, as above.
        drop(waiting);
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Injector {
    fn default() -> Self {
        Injector::new()
    }
}
