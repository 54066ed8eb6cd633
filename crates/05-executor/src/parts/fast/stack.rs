//! A stack of tasks that any thread pushes onto, and one thread takes, all at once: Treiber's, whose trouble is with those
//! who take one ("ABA"), and here nobody does. It is linked through the tasks, so a push allocates nothing and cannot fail.

#![allow(unsafe_code)]

use std::{
    ptr::{self, NonNull},
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
};

use super::slot::{Head, Slot};
use crate::sync::AtomicPtr;

/// What stands in the place of the first when nobody takes any more: no task is there.
fn closed() -> *mut Head {
    ptr::dangling_mut()
}

/// The stack.
pub(super) struct Stack(AtomicPtr<Head>);

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

impl Stack {
    pub(super) fn new() -> Self {
        Stack(AtomicPtr::new(ptr::null_mut()))
    }

    // ANCHOR: push
    /// Adds a task, which is in no stack, and whose link is the caller's until then. What the caller has done before that, who takes it
    /// sees.
    pub(super) fn push(&self, task: Slot) -> Pushed {
        // It is empty, most of the time.
        let mut first = ptr::null_mut();
        while first != closed() {
            // SAFETY: it is in no stack yet, so the link is the caller's.
            task.head().others_next.with_mut(|next| unsafe { *next = first });
            match self.0.compare_exchange_weak(first, task.as_ptr(), Release, Relaxed) {
                Ok(_) if first.is_null() => return Pushed::First,
                Ok(_) => return Pushed::Behind,
                Err(now) => first = now,
            }
        }
        Pushed::Closed
    }
    // ANCHOR_END: push

    /// Whether there is nothing to take.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Relaxed).is_null()
    }

    /// Takes all, the one first that has waited longest.
    pub(super) fn take(&self) -> impl Iterator<Item = Slot> {
        oldest_first(self.0.swap(ptr::null_mut(), Acquire))
    }

    /// The same, for the last time.
    pub(super) fn close(&self) -> impl Iterator<Item = Slot> {
        oldest_first(self.0.swap(closed(), AcqRel))
    }
}

fn oldest_first(mut task: *mut Head) -> impl Iterator<Item = Slot> {
    let mut first = ptr::null_mut();
    while let Some(slot) = slot(task) {
        // SAFETY: it was taken out of the stack, so the link is ours.
        task = slot.head().others_next.with_mut(|next| std::mem::replace(unsafe { &mut *next }, first));
        first = slot.as_ptr();
    }
    std::iter::from_fn(move || {
        let slot = slot(first)?;
        // SAFETY: as above. It is read before the caller does what it likes with the task.
        first = slot.head().others_next.with(|next| unsafe { *next });
        Some(slot)
    })
}

fn slot(task: *mut Head) -> Option<Slot> {
    // SAFETY: whoever is in a stack holds its slot, by a reference, or as nobody else does any more.
    NonNull::new(task).map(|task| unsafe { Slot::from_raw(task) })
}
