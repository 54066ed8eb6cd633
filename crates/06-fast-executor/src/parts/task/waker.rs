//! The waker of a task: a pointer to it, which is one of its references, and what it is to clone,
//! wake and drop that. Lesson 4 made one of an `Arc`; this is the same of a [`Task`].

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    task::{RawWaker, RawWakerVTable, Waker},
};

use super::cell::{Head, Task};
use crate::parts::event;

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

impl Task {
    /// A waker without a reference of its own, for as long as the task is borrowed. A clone of it
    /// has one.
    pub(super) fn lent_waker(&self) -> impl Deref<Target = Waker> {
        let data = self.as_raw().as_ptr().cast_const().cast();
        // SAFETY: the table keeps the promises of `RawWakerVTable`, see there. It is never dropped,
        // so no reference is given back that was not counted; it cannot be moved out, and the
        // borrower holds the task.
        ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &TABLE)) })
    }
}

/// The task of a waker, whose reference stays the waker's.
///
/// # Safety
///
/// `data` is that of a waker of ours that is alive.
unsafe fn task(data: *const ()) -> ManuallyDrop<Task> {
    // SAFETY: the caller's; and what is never dropped gives no reference back.
    ManuallyDrop::new(unsafe { Task::from_raw(NonNull::new_unchecked(data.cast_mut().cast::<Head>())) })
}

/// Retains.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: whoever clones has a waker.
    let task = unsafe { task(data) };
    event::waker("clone", task.address());
    let clone = Task::clone(&task).into_raw();
    RawWaker::new(clone.as_ptr().cast(), &TABLE)
}

/// Consumes: the reference is given back after the wake, as the scheduler lives no longer than its
/// tasks.
unsafe fn wake(data: *const ()) {
    // SAFETY: whoever wakes has a waker, whose reference becomes this one's.
    let task = ManuallyDrop::into_inner(unsafe { task(data) });
    event::wake("value", task.address());
    task.wake();
}

/// Borrows.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: whoever wakes has a waker.
    let task = unsafe { task(data) };
    event::wake("ref", task.address());
    task.wake();
}

/// Releases.
unsafe fn release(data: *const ()) {
    // SAFETY: whoever drops has a waker, whose reference becomes this one's.
    let task = ManuallyDrop::into_inner(unsafe { task(data) });
    event::waker("release", task.address());
}
