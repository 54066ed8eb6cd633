//! Slots that other threads give back: any thread pushes, and one takes, all at once. It is
//! Treiber's stack, whose trouble is with those who take one ("ABA"), and here nobody does. It is
//! linked through the slots, so a push allocates nothing.

#![allow(unsafe_code)]

use std::{
    iter,
    ptr::{self, NonNull},
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

use super::slot::{Head, Slot};
use crate::sync::AtomicPtr;

/// What stands in the place of the first when nobody takes any more: no slot is there.
fn closed() -> *mut Head {
    ptr::dangling_mut()
}

/// The stack.
pub(super) struct Returned(AtomicPtr<Head>);

/// Nobody takes them any more, and the slot is the caller's still.
#[must_use]
pub(super) struct Closed;

impl Returned {
    pub(super) fn new() -> Self {
        Returned(AtomicPtr::new(ptr::null_mut()))
    }

    // ANCHOR: push
    /// Adds a slot that is the caller's. What anybody has done with its task, who takes it sees.
    pub(super) fn push(&self, slot: Slot) -> Result<(), Closed> {
        // It is empty, most of the time.
        let mut first = ptr::null_mut();
        while first != closed() {
            slot.head().next.set(self::slot(first));
            match self.0.compare_exchange_weak(first, slot.as_ptr(), Release, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => first = now,
            }
        }
        Err(Closed)
    }
    // ANCHOR_END: push

    /// Takes all, which are the caller's then.
    pub(super) fn take(&self) -> impl Iterator<Item = Slot> {
        all(self.0.swap(ptr::null_mut(), Acquire))
    }

    /// The same, for the last time.
    pub(super) fn close(&self) -> impl Iterator<Item = Slot> {
        all(self.0.swap(closed(), Acquire))
    }
}

fn all(first: *mut Head) -> impl Iterator<Item = Slot> {
    let mut next = slot(first);
    iter::from_fn(move || {
        let slot = next?;
        // It is read before the caller does what it likes with the slot.
        next = slot.head().next.get();
        Some(slot)
    })
}

fn slot(first: *mut Head) -> Option<Slot> {
    // SAFETY: a slot in the stack is whoever's the stack is, until it is taken.
    NonNull::new(first).map(|slot| unsafe { Slot::from_raw(slot) })
}
