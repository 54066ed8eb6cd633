//! The run queue of one thread: first in, first out, linked through the tasks. So it allocates
//! nothing, and no other thread uses it.

use std::cell::Cell;

use super::slot::TaskSlot;

/// The queue of the tasks to poll. A task is in it while its flag `QUEUED` is set, so once at most.
#[derive(Default)]
pub(super) struct LinkedQueue {
    first: Cell<Option<TaskSlot>>,
    /// Meaningful only if there is a first one.
    last: Cell<Option<TaskSlot>>,
}

impl LinkedQueue {
    #[inline]
    pub(super) fn push(&self, task: TaskSlot) {
        task.header().next.set(None);
        match self.last.replace(Some(task)) {
            Some(last) => last.header().next.set(Some(task)),
            None => self.first.set(Some(task)),
        }
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<TaskSlot> {
        let first = self.first.get()?;
        let next = first.header().next.get();
        self.first.set(next);
        if next.is_none() {
            self.last.set(None);
        }
        Some(first)
    }

    /// Counts the tasks for which `counts` holds.
    pub(super) fn count(&self, counts: impl Fn(TaskSlot) -> bool) -> usize {
        let in_the_queue = std::iter::successors(self.first.get(), |task| task.header().next.get());
        in_the_queue.filter(|task| counts(*task)).count()
    }
}
