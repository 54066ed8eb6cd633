//! A task in a slot of the slab: a header of the same type for all tasks, and room for the future,
//! whose place later holds the output.

#![allow(unsafe_code)]

use std::{cell::Cell, ptr::NonNull, task::Waker};

use lesson_executor::parts::join::JoinError;

use super::{
    owner_word::{OwnerWord, QUEUED},
    remote_word::RemoteWord,
};
use crate::{parts::task::StartStep, sync::cell::UnsafeCell};

/// The bytes of a slot for the future, and later for the output. A larger future or output is put
/// into a box.
pub(super) const SLOT_ROOM: usize = 64;
/// The size of a slot.
pub(super) const SLOT: usize = size_of::<SlotHeader>() + SLOT_ROOM;

// ANCHOR: head
/// The first part of every task. While the slot is in use, other threads use only `remote_word`,
/// and read `vtable` and `life`.
#[repr(C)]
pub(super) struct SlotHeader {
    pub(super) vtable: &'static SlotVtable,
    /// The next task in the run queue, or the next free slot. Once nobody uses the task, also the
    /// next slot in the stack of returned slots.
    pub(super) next: Cell<Option<TaskSlot>>,
    /// The waker of the task that awaits the handle.
    pub(super) joiner: Cell<Option<Waker>>,
    pub(super) owner_word: OwnerWord,
    pub(super) remote_word: RemoteWord,
    /// Holds nothing. Through it a model sees each use of a task, and a use after the free.
    pub(super) life: UnsafeCell<()>,
}
// ANCHOR_END: head

/// The functions that differ between types of futures.
pub(super) struct SlotVtable {
    pub(super) poll: unsafe fn(TaskSlot),
    pub(super) cancel: unsafe fn(TaskSlot),
    pub(super) free_box: unsafe fn(NonNull<()>),
}

/// A pointer to a slot with a task.
///
/// Its holder keeps the task there: by a flag that it has set, by a reference that it has counted,
/// or because it borrows from such a holder.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct TaskSlot(pub(super) NonNull<SlotHeader>);

impl TaskSlot {
    /// # Safety
    ///
    /// The slot holds a header, and stays in use as long as the result is used (see [`TaskSlot`]).
    #[inline]
    pub(super) unsafe fn from_raw(header: NonNull<SlotHeader>) -> Self {
        TaskSlot(header)
    }

    #[inline]
    pub(super) fn header(&self) -> &SlotHeader {
        // SAFETY: the header stays valid while a `TaskSlot` exists. A shared reference is enough,
        // because only cells and atomics in it change.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    pub(super) fn as_ptr(self) -> *mut SlotHeader {
        self.0.as_ptr()
    }

    /// The number by which events name the task.
    #[inline]
    pub(super) fn address(self) -> usize {
        self.0.addr().get()
    }

    /// Polls a task that was taken from the queue, or drops its future, as its word says.
    ///
    /// # Safety
    ///
    /// This is the owner thread, and it is polling no task of this executor.
    #[inline]
    pub(super) unsafe fn run(self) {
        match self.header().owner_word.start() {
            // SAFETY: `start` says that the future is here. The caller promises that nobody uses
            // it.
            StartStep::Poll => unsafe { (self.header().vtable.poll)(self) },
            // SAFETY: `start` says that the future is here. The caller promises that nobody uses
            // it.
            StartStep::Cancel => unsafe { (self.header().vtable.cancel)(self) },
            StartStep::Over => self.release(QUEUED),
        }
    }

    /// Drops the future, unless it was dropped or is being dropped.
    ///
    /// # Safety
    ///
    /// This is the owner thread, and it is not polling this task.
    pub(super) unsafe fn shut_down(self) {
        if self.header().owner_word.is_alive() {
            // SAFETY: the word says that the future is here. The caller promises that nobody uses
            // it.
            unsafe { (self.header().vtable.cancel)(self) }
        }
    }

    /// Unsets one of the flags that keep the slot in use. On the owner thread.
    #[inline]
    pub(super) fn release(self, strong: u32) {
        if self.header().owner_word.release(strong, &self.header().remote_word) {
            self.free();
        }
    }

    /// Moves the output out of the slot.
    ///
    /// # Safety
    ///
    /// The output is stored, belongs to the caller, and is a `T`.
    #[inline]
    pub(super) unsafe fn take_output<T>(self) -> Result<T, JoinError> {
        // SAFETY: the output is at the beginning of the room, or of the box to which the room holds
        // the pointer. The caller guarantees that the output is there, and its type.
        unsafe {
            let room = self.0.add(1);
            if !self.header().owner_word.is_boxed() {
                return room.cast().read();
            }
            let contents = room.cast::<NonNull<()>>().read();
            let output = contents.cast().read();
            (self.header().vtable.free_box)(contents);
            output
        }
    }
}
