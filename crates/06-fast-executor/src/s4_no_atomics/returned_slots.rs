//! The slots that other threads give back. Any thread pushes; the owner thread takes all at once.
//!
//! This is Treiber's stack, linked through the slots, so a push allocates nothing. Its known
//! problem ("ABA") is with a thread that takes one element, and no thread does that here.

#![allow(unsafe_code)]

use std::{
    iter,
    ptr::{self, NonNull},
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

use super::slot::{SlotHeader, TaskSlot};
use crate::sync::AtomicPtr;

/// The first slot of a closed stack. It is the address of no slot.
fn closed() -> *mut SlotHeader {
    ptr::dangling_mut()
}

/// The stack.
pub(super) struct ReturnedSlots(AtomicPtr<SlotHeader>);

/// The stack is closed, so the slot still belongs to the caller.
#[must_use]
pub(super) struct StackClosed;

impl ReturnedSlots {
    pub(super) fn new() -> Self {
        ReturnedSlots(AtomicPtr::new(ptr::null_mut()))
    }

    // ANCHOR: push
    /// Pushes a slot that belongs to the caller. The thread that takes it sees everything that was
    /// done with its task before.
    pub(super) fn push(&self, slot: TaskSlot) -> Result<(), StackClosed> {
        // The first guess: most of the time the stack is empty.
        let mut first = ptr::null_mut();
        while first != closed() {
            slot.header().next.set(self::slot(first));
            match self.0.compare_exchange_weak(first, slot.as_ptr(), Release, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => first = now,
            }
        }
        Err(StackClosed)
    }
    // ANCHOR_END: push

    /// Takes all slots. They belong to the caller.
    pub(super) fn take(&self) -> impl Iterator<Item = TaskSlot> {
        all(self.0.swap(ptr::null_mut(), Acquire))
    }

    /// Takes all slots, and closes the stack.
    pub(super) fn close(&self) -> impl Iterator<Item = TaskSlot> {
        all(self.0.swap(closed(), Acquire))
    }
}

fn all(first: *mut SlotHeader) -> impl Iterator<Item = TaskSlot> {
    let mut next = slot(first);
    iter::from_fn(move || {
        let slot = next?;
        // Read the link before the caller uses the slot for something else.
        next = slot.header().next.get();
        Some(slot)
    })
}

fn slot(first: *mut SlotHeader) -> Option<TaskSlot> {
    // SAFETY: `push` put this slot into the stack, whose slots nobody else uses. It stays valid
    // until it is taken out.
    NonNull::new(first).map(|slot| unsafe { TaskSlot::from_raw(slot) })
}
