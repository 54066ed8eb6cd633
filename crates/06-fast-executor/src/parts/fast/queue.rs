//! The run queue of one thread: first in, first out, linked through the tasks. Nobody else ever
//! sees it.

use std::cell::Cell;

use super::slot::Slot;

/// Those that are to be polled. A task is in it while its `QUEUED` is set, and so once at most.
#[derive(Default)]
pub(super) struct Queue {
    first: Cell<Option<Slot>>,
    /// If there is a first one.
    last: Cell<Option<Slot>>,
}

impl Queue {
    #[inline]
    pub(super) fn push(&self, task: Slot) {
        task.head().next.set(None);
        match self.last.replace(Some(task)) {
            Some(last) => last.head().next.set(Some(task)),
            None => self.first.set(Some(task)),
        }
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<Slot> {
        let first = self.first.get()?;
        let next = first.head().next.get();
        self.first.set(next);
        if next.is_none() {
            self.last.set(None);
        }
        Some(first)
    }

    /// How many are in it, of those that count.
    pub(super) fn count(&self, counts: impl Fn(Slot) -> bool) -> usize {
        let in_the_queue = std::iter::successors(self.first.get(), |task| task.head().next.get());
        in_the_queue.filter(|task| counts(*task)).count()
    }
}
