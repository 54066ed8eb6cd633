//! A list of tasks, whose links are in the tasks: to be in it costs no memory of its own, and to
//! leave it no search.

#![allow(unsafe_code)]

use std::{
    mem::{self, ManuallyDrop},
    ptr::NonNull,
};

use crate::parts::task::{
    Task,
    cell::{Head, Links},
};

/// The tasks of one owner, or some of them. It may be in a lock, which is then what makes the links
/// the list's own.
pub(crate) struct List {
    first: Option<NonNull<Head>>,
}

// SAFETY: what is in it are references to tasks, and those may be sent.
unsafe impl Send for List {}

impl List {
    /// Without any.
    pub(crate) fn new() -> Self {
        List { first: None }
    }

    /// Adds a task, which is in no list, at the front.
    pub(crate) fn insert(&mut self, task: Task) {
        let task = task.into_raw();
        let second = self.first.replace(task);
        if let Some(second) = second {
            with(second, |links| links.before = Some(task));
        }
        // Who is in front has itself before it: so none without anybody before it is in a list.
        with(task, |links| *links = Links { before: Some(task), after: second });
    }

    /// Takes a task out, if it is in here.
    pub(crate) fn remove(&mut self, task: &Task) -> Option<Task> {
        let task = task.as_raw();
        let Links { before, after } = with(task, mem::take);
        let before = before?;
        let in_front = before == task;
        match in_front {
            true => self.first = after,
            false => with(before, |links| links.after = after),
        }
        if let Some(after) = after {
            with(after, |links| links.before = Some(if in_front { after } else { before }));
        }
        // SAFETY: it was in the list, and so was its reference.
        Some(unsafe { Task::from_raw(task) })
    }

    /// Takes the one in front out.
    pub(crate) fn pop(&mut self) -> Option<Task> {
        // SAFETY: it is in the list; this reference is that of the list, and is not given back
        // here.
        let first = ManuallyDrop::new(unsafe { Task::from_raw(self.first?) });
        self.remove(&first)
    }
}

/// Reads and writes the links of a task that is in the list, comes into it, or has left it.
fn with<R>(task: NonNull<Head>, change: impl FnOnce(&mut Links) -> R) -> R {
    // SAFETY: it has a reference, in the list or with the caller; and its links are touched here
    // alone, by its one owner.
    unsafe { task.as_ref() }.links.with_mut(|links| change(unsafe { &mut *links }))
}
