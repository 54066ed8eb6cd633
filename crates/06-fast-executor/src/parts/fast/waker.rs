//! The waker of a task in a slot: a pointer to it, which is one of its references. What it does is
//! decided by where it is: on the task's own thread it is a matter of that thread's word and queue;
//! on any other, of the others' word and a stack.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    task::{RawWaker, RawWakerVTable, Waker},
};

use super::slot::{Head, Slot};
use crate::parts::event;

/// That of a task, told to who records.
static TOLD: RawWakerVTable = RawWakerVTable::new(clone::<true>, wake::<true>, wake_by_ref::<true>, release::<true>);
/// That of the root, which is no task of the record's; and the reference of an `AbortHandle`.
static UNTOLD: RawWakerVTable =
    RawWakerVTable::new(clone::<false>, wake::<false>, wake_by_ref::<false>, release::<false>);

impl Slot {
    /// A waker without a reference of its own, for as long as somebody else keeps the task. A clone
    /// of it has one.
    #[inline]
    pub(super) fn lent_waker(self) -> impl Deref<Target = Waker> {
        lent(self, &TOLD)
    }
}

/// The same, of which no event tells.
#[inline]
pub(super) fn lent_untold(task: Slot) -> impl Deref<Target = Waker> {
    lent(task, &UNTOLD)
}

#[inline]
fn lent(task: Slot, table: &'static RawWakerVTable) -> ManuallyDrop<Waker> {
    // SAFETY: the tables keep the promises of `RawWakerVTable`, see there. It is never dropped, so
    // no reference is given back that was not counted; and outside of this file it cannot be moved
    // out.
    ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(task.as_ptr().cast_const().cast(), table)) })
}

/// Aborts a task by a waker of it.
pub(super) fn abort(waker: &Waker) {
    debug_assert!(std::ptr::eq(waker.vtable(), &UNTOLD), "a waker of ours");
    // SAFETY: it is made by `lent_untold`, or a clone of such.
    unsafe { task(waker.data()) }.abort();
}

impl Slot {
    // ANCHOR: wake
    /// Wakes it: unless it is in a queue already, it goes into one.
    #[inline]
    fn wake(self) {
        if self.shared().is_here() {
            if self.head().own.wake() {
                self.shared().push(self);
            }
        } else if self.head().others.wake() {
            self.shared().push_woken(self);
        }
    }
    // ANCHOR_END: wake

    /// Has it dropped, where it would be polled.
    pub(super) fn abort(self) {
        if self.shared().is_here() {
            if self.head().own.abort() {
                self.shared().push(self);
            }
        } else if self.head().others.abort() {
            self.shared().push_woken(self);
        }
    }
}

/// The task of a waker.
///
/// # Safety
///
/// `data` is that of a waker of ours, which is alive for as long as this is used.
#[inline]
unsafe fn task(data: *const ()) -> Slot {
    // SAFETY: the caller's: the waker has a reference.
    unsafe { Slot::from_raw(NonNull::new_unchecked(data.cast_mut().cast::<Head>())) }
}

/// Retains.
unsafe fn clone<const TOLD_OF: bool>(data: *const ()) -> RawWaker {
    // SAFETY: whoever clones has a waker.
    let task = unsafe { task(data) };
    if TOLD_OF {
        event::waker("clone", task.address());
    }
    let Head { own, others, .. } = task.head();
    if task.shared().is_here() {
        own.retain(others)
    } else {
        others.retain()
    }
    RawWaker::new(data, if TOLD_OF { &TOLD } else { &UNTOLD })
}

/// Consumes: the reference is given back after the wake, for whose time it keeps the task and its
/// executor.
unsafe fn wake<const TOLD_OF: bool>(data: *const ()) {
    // SAFETY: whoever wakes has a waker, whose reference becomes this one's.
    let task = unsafe { task(data) };
    if TOLD_OF {
        event::wake("value", task.address());
    }
    task.wake();
    give_back(task);
}

/// Borrows.
unsafe fn wake_by_ref<const TOLD_OF: bool>(data: *const ()) {
    // SAFETY: whoever wakes has a waker.
    let task = unsafe { task(data) };
    if TOLD_OF {
        event::wake("ref", task.address());
    }
    task.wake();
}

/// Releases.
unsafe fn release<const TOLD_OF: bool>(data: *const ()) {
    // SAFETY: whoever drops has a waker, whose reference becomes this one's.
    let task = unsafe { task(data) };
    if TOLD_OF {
        event::waker("release", task.address());
    }
    give_back(task);
}

#[inline]
fn give_back(task: Slot) {
    let Head { own, others, .. } = task.head();
    if task.shared().is_here() {
        if own.give_back(others) {
            task.free();
        }
    } else if others.give_back() {
        task.free_from_elsewhere();
    }
}
