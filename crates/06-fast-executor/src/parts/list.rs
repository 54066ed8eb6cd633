//! A list of tasks whose links are inside the tasks. So the list allocates nothing, and a task
//! leaves it without a search.

#![allow(unsafe_code)]

use std::{
    mem::{self, ManuallyDrop},
    ptr::NonNull,
};

use super::task::{ListLinks, TaskRef, cell::TaskHeader};

/// All tasks of an owner, or a part of them. The list holds one reference to each.
///
/// A task is in one list at most. `&mut self` makes sure that one thread at a time uses the links
/// of the tasks in the list.
pub(crate) struct TaskList {
    first: Option<NonNull<TaskHeader>>,
}

// SAFETY: the list consists of references to tasks, and those are `Send`.
unsafe impl Send for TaskList {}

impl TaskList {
    /// Creates an empty list.
    pub(crate) fn new() -> Self {
        TaskList { first: None }
    }

    /// Adds a task, which is in no list, at the front.
    pub(crate) fn insert(&mut self, task: TaskRef) {
        let task = task.into_raw();
        let second = self.first.replace(task);
        if let Some(second) = second {
            with_links(second, |links| links.prev = Some(task));
        }
        // The first task's `prev` points to the task itself; `None` means "not in a list".
        with_links(task, |links| *links = ListLinks { prev: Some(task), next: second });
    }

    /// Takes a task out, if it is in the list.
    pub(crate) fn remove(&mut self, task: &TaskRef) -> Option<TaskRef> {
        let task = task.as_raw();
        let ListLinks { prev, next } = with_links(task, mem::take);
        let prev = prev?;
        let is_first = prev == task;
        match is_first {
            true => self.first = next,
            false => with_links(prev, |links| links.next = next),
        }
        if let Some(next) = next {
            with_links(next, |links| links.prev = Some(if is_first { next } else { prev }));
        }
        // SAFETY: `insert` put this reference into the list, and the list has just lost it.
        Some(unsafe { TaskRef::from_raw(task) })
    }

    /// Takes the first task out.
    pub(crate) fn pop(&mut self) -> Option<TaskRef> {
        // SAFETY: the task is in the list, which holds a reference. `ManuallyDrop` leaves that
        // reference to the list, and `remove` returns it.
        let first = ManuallyDrop::new(unsafe { TaskRef::from_raw(self.first?) });
        self.remove(&first)
    }
}

/// Uses the links of a task that is in the list, enters it, or has left it.
fn with_links<R>(task: NonNull<TaskHeader>, change: impl FnOnce(&mut ListLinks) -> R) -> R {
    // SAFETY: the list or the caller holds a reference to the task. Only its owner's list uses the
    // links, one call at a time.
    unsafe { task.as_ref() }.links.with_mut(|links| change(unsafe { &mut *links }))
}
