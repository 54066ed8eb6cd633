//! The waker of a task in a slot. Its data is a pointer to the task and stands for one reference.
//! On the owner thread it uses the owner's word and queue; on any other thread, the remote word and
//! the list of remote wakes.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    task::{RawWaker, RawWakerVTable, Waker},
};

use super::slot::{SlotHeader, TaskSlot};
use crate::parts::event::{self, emit};

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

/// A waker without a reference of its own. Its clones have references. The caller keeps the task in
/// its slot meanwhile.
#[inline]
pub(super) fn lent_waker(task: TaskSlot) -> impl Deref<Target = Waker> {
    let data = task.as_ptr().cast_const().cast();
    // SAFETY: the functions of `VTABLE` keep the contract of `RawWakerVTable` for a task that stays
    // in its slot. `ManuallyDrop` gives no reference back, and the opaque type prevents that the
    // waker is moved out.
    ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) })
}

impl TaskSlot {
    // ANCHOR: wake
    /// Wakes the task: unless it is in a queue already, it enters one.
    #[inline]
    fn wake(self) {
        if self.core().is_here() {
            if self.header().owner_word.wake() {
                self.core().push(self);
            }
        } else if self.header().remote_word.wake() {
            self.core().push_woken(self);
        }
    }
    // ANCHOR_END: wake

    /// Cancels the task: its future is dropped where it would be polled.
    pub(super) fn abort(self) {
        if self.core().is_here() {
            if self.header().owner_word.abort() {
                self.core().push(self);
            }
        } else if self.header().remote_word.abort() {
            self.core().push_woken(self);
        }
    }

    /// Adds a reference.
    #[inline]
    fn retain(self) {
        let SlotHeader { owner_word, remote_word, .. } = self.header();
        if self.core().is_here() { owner_word.add_reference(remote_word) } else { remote_word.retain() }
    }

    /// Removes a reference. The last one frees the slot, unless a flag keeps it in use.
    #[inline]
    fn give_back(self) {
        let SlotHeader { owner_word, remote_word, .. } = self.header();
        if self.core().is_here() {
            if owner_word.release_reference(remote_word) {
                self.free();
            }
        } else if remote_word.release() {
            self.free_from_elsewhere();
        }
    }
}

/// A counted reference to a task, for any thread. It can only abort the task.
pub(super) struct SlotRef(TaskSlot);

// SAFETY: this reference keeps the task in its slot. `abort`, `retain` and `give_back` use the
// remote word on all threads but the owner thread.
unsafe impl Send for SlotRef {}
// SAFETY: as for `Send`; a shared reference can do no more than an owned one.
unsafe impl Sync for SlotRef {}

impl SlotRef {
    pub(super) fn new(task: TaskSlot) -> Self {
        task.retain();
        SlotRef(task)
    }

    pub(super) fn abort(&self) {
        self.0.abort();
    }
}

impl Clone for SlotRef {
    fn clone(&self) -> Self {
        SlotRef::new(self.0)
    }
}

impl Drop for SlotRef {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// The task of a waker.
///
/// # Safety
///
/// `data` belongs to a waker of this file, which is alive as long as the result is used.
#[inline]
unsafe fn task(data: *const ()) -> TaskSlot {
    // SAFETY: the data of a waker is a pointer to its task, which its reference keeps in the slot.
    unsafe { TaskSlot::from_raw(NonNull::new_unchecked(data.cast_mut().cast::<SlotHeader>())) }
}

/// Reports what happens to a task or to its waker. The root is not reported, because it is not a
/// task.
#[inline]
pub(super) fn report(task: TaskSlot, event: fn(&'static str, usize), what: &'static str) {
    emit(move || {
        if !task.core().is_root(task) {
            event(what, task.address());
        }
    });
}

/// Adds a reference.
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: `Waker::clone` passes the data of a waker that is alive.
    let task = unsafe { task(data) };
    report(task, event::waker, "clone");
    task.retain();
    RawWaker::new(data, &VTABLE)
}

/// Wakes, and gives the waker's reference back. It is given back last: until then it keeps the task
/// and its core.
unsafe fn wake(data: *const ()) {
    // SAFETY: `Waker::wake` passes the data of a waker that is alive, and its reference with it.
    let task = unsafe { task(data) };
    report(task, event::wake, "value");
    task.wake();
    task.give_back();
}

/// Wakes, and leaves the waker its reference.
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: `Waker::wake_by_ref` passes the data of a waker that is alive.
    let task = unsafe { task(data) };
    report(task, event::wake, "ref");
    task.wake();
}

/// Gives the waker's reference back.
unsafe fn release(data: *const ()) {
    // SAFETY: the drop of a waker passes its data, and its reference with it.
    let task = unsafe { task(data) };
    report(task, event::waker, "release");
    task.give_back();
}
