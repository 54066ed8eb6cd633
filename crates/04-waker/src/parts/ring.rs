//! The slots of a bounded channel, in a ring: any number of senders, one receiver, no lock. A
//! sender claims the next position and fills its slot; the receiver empties the slots in that
//! order. After Dmitry Vyukov's bounded queue (1024cores.net), with one consumer, stamps that stand
//! also one slot, and a tail that can be closed.

#![allow(unsafe_code)]

use std::{
    mem::MaybeUninit,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use crate::sync::{Apart, Arc, cell::UnsafeCell, hint, thread};
use words::{Next, Position, Stamp, Tail};

mod words;

/// A ring, and whatever else its two ends share.
struct Ring<T, S> {
    tail: Apart<Tail>,
    slots: Box<[Slot<T>]>,
    shared: S,
}

struct Slot<T> {
    stamp: Stamp,
    /// While the stamp is a position: the sender's who has claimed that position. While it has the
    /// bit: the receiver's.
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a value is handed from one thread to another, which `T: Send` allows, and never used by
// two at once.
unsafe impl<T: Send> Sync for Slot<T> {}

/// The end that fills it. There may be many.
pub(crate) struct Fill<T, S>(Arc<Ring<T, S>>);

/// The end that empties it. There is one.
pub(crate) struct Empty<T, S> {
    ring: Arc<Ring<T, S>>,
    head: Position,
}

/// Why a value cannot be sent.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Refused<T> {
    Full(T),
    Closed(T),
}

/// A ring of at least `capacity` slots: as many as the next power of two.
///
/// # Panics
///
/// If that is none, or more than fit into memory.
pub(crate) fn ring<T, S>(capacity: usize, shared: S) -> (Fill<T, S>, Empty<T, S>) {
    assert!(capacity > 0, "a channel needs a place for a message");
    let slot = |position: &mut Position| {
        let this = *position;
        *position = this.next();
        Slot { stamp: Stamp::new(this), value: UnsafeCell::new(MaybeUninit::uninit()) }
    };
    let mut position = Position::FIRST;
    let count = capacity.checked_next_power_of_two().expect("a channel has room for what fits into memory");
    let mut slots = Vec::with_capacity(count);
    slots.extend((0..count).map(|_| slot(&mut position)));
    let ring = Arc::new(Ring { tail: Apart(Tail::new()), slots: slots.into(), shared });
    (Fill(Arc::clone(&ring)), Empty { ring, head: Position::FIRST })
}

impl<T, S> Fill<T, S> {
    /// Sends a value, unless there is no room now, or never will be.
    pub(crate) fn push(&self, value: T) -> Result<(), Refused<T>> {
        let mut next = self.0.tail.0.look();
        loop {
            let position = match next {
                Next::Open(position) => position,
                Next::Closed(_) => return Err(Refused::Closed(value)),
            };
            let slot = &self.0.slots[position.slot(self.0.slots.len())];
            next = match slot.stamp.look(position) {
                words::Slot::Full => return Err(Refused::Full(value)),
                words::Slot::Gone => {
                    hint::spin_loop();
                    self.0.tail.0.look()
                }
                words::Slot::Free => match self.0.tail.0.claim(position) {
                    Err(now) => now,
                    Ok(()) => {
                        // SAFETY: the stamp says that the slot is empty, and its position is ours
                        // alone.
                        slot.value.with_mut(|slot| unsafe { (*slot).write(value) });
                        slot.stamp.fill(position);
                        return Ok(());
                    }
                },
            };
        }
    }

    /// Nobody sends any more.
    pub(crate) fn close(&self) {
        self.0.tail.0.close();
    }

    pub(crate) fn shared(&self) -> &S {
        &self.0.shared
    }
}

impl<T, S> Clone for Fill<T, S> {
    fn clone(&self) -> Self {
        Fill(Arc::clone(&self.0))
    }
}

impl<T, S> Empty<T, S> {
    /// The next value, if its sender has filled the slot.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let slots = &self.ring.slots;
        let slot = &slots[self.head.slot(slots.len())];
        if !slot.stamp.is_filled(self.head) {
            return None;
        }
        // SAFETY: the stamp says that it is filled and ours, and this end is there once. It is read
        // once: the stamp changes.
        let value = slot.value.with_mut(|slot| unsafe { (*slot).assume_init_read() });
        slot.stamp.free(self.head, slots.len());
        self.head = self.head.next();
        Some(value)
    }

    /// Whether it is closed, and all that was sent has been taken.
    pub(crate) fn is_over(&self) -> bool {
        self.ring.tail.0.look() == Next::Closed(self.head)
    }

    /// Nobody sends any more. What was sent can still be taken.
    pub(crate) fn close(&self) {
        self.ring.tail.0.close();
    }

    pub(crate) fn shared(&self) -> &S {
        &self.ring.shared
    }
}

/// What nobody will take is dropped now and not with the last sender, which one of the values may
/// hold. All of it, also if the drop of one panics.
impl<T, S> Drop for Empty<T, S> {
    fn drop(&mut self) {
        self.close();
        let mut panicked = None;
        // Model: `mpsc_a_receiver_that_goes_leaves_no_message_behind`.
        while !self.is_over() {
            let Some(value) = self.pop() else {
                // A sender has claimed a slot and is about to fill it: a few instructions, unless
                // its thread was stopped.
                thread::yield_now();
                continue;
            };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
                panicked = Some(panic);
            }
        }
        if let Some(panic) = panicked {
            resume_unwind(panic);
        }
    }
}
