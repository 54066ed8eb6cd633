//! The waker of a task. Its data is a pointer to the task and stands for one reference; its vtable
//! clones, wakes and drops that reference. Lesson 4 built such a waker on an `Arc`.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    task::{RawWaker, RawWakerVTable, Waker},
};

use super::cell::{TaskHeader, TaskRef};
use crate::parts::event;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

impl TaskRef {
    /// A waker that borrows this reference. Its clones have references of their own.
    pub(super) fn lent_waker(&self) -> impl Deref<Target = Waker> {
        let data = self.as_raw().as_ptr().cast_const().cast();
        // SAFETY: the functions of `VTABLE` keep the contract of `RawWakerVTable` for a task that
        // has a reference, and `self` has one. `ManuallyDrop` gives no reference back, and the
        // opaque type prevents that the waker is moved out.
        ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) })
    }
}

/// The task of a waker. The waker keeps its reference.
///
/// # Safety
///
/// `data` belongs to a waker of this file that is alive.
unsafe fn task(data: *const ()) -> ManuallyDrop<TaskRef> {
    // SAFETY: the data of a waker is a pointer to a task that is alive. `ManuallyDrop` leaves the
    // reference to the waker.
    ManuallyDrop::new(unsafe { TaskRef::from_raw(NonNull::new_unchecked(data.cast_mut().cast::<TaskHeader>())) })
}

/// Adds a reference.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: `Waker::clone` passes the data of a waker that is alive.
    let task = unsafe { task(data) };
    event::waker("clone", task.address());
    let clone = TaskRef::clone(&task).into_raw();
    RawWaker::new(clone.as_ptr().cast(), &VTABLE)
}

/// Wakes, and gives the waker's reference back. It is given back last: the scheduler may live only
/// as long as its tasks.
unsafe fn wake(data: *const ()) {
    // SAFETY: `Waker::wake` passes the data of a waker that is alive, and its reference with it.
    let task = ManuallyDrop::into_inner(unsafe { task(data) });
    event::wake("value", task.address());
    task.wake();
}

/// Wakes, and leaves the waker its reference.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: `Waker::wake_by_ref` passes the data of a waker that is alive.
    let task = unsafe { task(data) };
    event::wake("ref", task.address());
    task.wake();
}

/// Gives the waker's reference back.
unsafe fn release(data: *const ()) {
    // SAFETY: `data` belongs to a waker that is being dropped, so its reference is ours now.
    let task = ManuallyDrop::into_inner(unsafe { task(data) });
    event::waker("release", task.address());
}
