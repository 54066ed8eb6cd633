//! A place for one waker, which one task fills and any thread empties: `register`, then check
//! whether it has happened; make it happen, then `wake`. Nobody waits for anybody, and nothing is
//! allocated. The race between the two and why it is won: `DESIGN.md` of this lesson.

#![allow(unsafe_code)]

use std::{mem::MaybeUninit, task::Waker};

use crate::sync::cell::UnsafeCell;
use state::{Seat, State};

mod state;

/// Keeps the waker of the task that waits, until somebody wakes it.
///
/// After [`register`](AtomicWaker::register) has returned, the task must look once more whether
/// what it waits for has happened. Whoever makes that happen calls [`wake`](AtomicWaker::wake)
/// afterwards. Then the task sees it, or is woken.
pub struct AtomicWaker {
    state: State,
    /// Two, so that one can be filled while the other is being emptied. Each is written by who
    /// registers and has reserved it, and emptied by who has taken it out of the word.
    seats: [UnsafeCell<MaybeUninit<Waker>>; 2],
}

// SAFETY: a `Waker` may be used from any thread, and a seat belongs to one at a time, as the words
// say.
unsafe impl Sync for AtomicWaker {}

impl AtomicWaker {
    /// An empty place.
    pub fn new() -> Self {
        let empty = || UnsafeCell::new(MaybeUninit::uninit());
        AtomicWaker { state: State::new(), seats: [empty(), empty()] }
    }

    // ANCHOR: register
    /// Keeps a clone of the waker in the place of the last one. If another task registers here at
    /// this moment, this one is woken at once instead, and shall come again.
    ///
    /// A `clone` that panics leaves everything as it was.
    pub fn register(&self, waker: &Waker) {
        let last = self.replace(waker);
        // After the registration has ended: a drop is code of a stranger.
        drop(last);
    }

    fn replace(&self, waker: &Waker) -> Option<Waker> {
        let Some(registering) = self.state.register() else {
            // Two tasks at one place: only one can be kept, and none shall be forgotten.
            waker.wake_by_ref();
            return None;
        };
        // It is there already. If it has been taken by now, it is about to be woken, and this task
        // comes again. Model: `atomic_waker_the_last_one_counts`.
        if registering.current().is_some_and(|seat| self.is_in(seat, waker)) {
            return None;
        }
        // So is a clone. It may panic, or come back here: nobody waits for this registration to
        // end.
        let clone = waker.clone();
        let Some(seat) = registering.reserve() else {
            drop(registering);
            clone.wake();
            return None;
        };
        // SAFETY: the seat is reserved, and nobody else touches it until it is published.
        self.seats[seat.0].with_mut(|place| unsafe { (*place).write(clone) });
        registering.publish(seat).map(|last| self.empty(last))
    }

    /// Whether the waker in this seat is this one. The seat was in the word a moment ago.
    fn is_in(&self, Seat(number): Seat, waker: &Waker) -> bool {
        // SAFETY: it was filled before it was in the word, and is written only by who registers,
        // which is the caller. It may have been emptied meanwhile, which is to copy it: its two
        // pointers are still there, and only they are compared.
        self.seats[number].with(|place| unsafe { (*place).assume_init_ref() }.will_wake(waker))
    }
    // ANCHOR_END: register

    // ANCHOR: wake
    /// Wakes the task that is registered, if one is, and empties the place.
    ///
    /// A wake that panics has emptied it all the same.
    pub fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }

    /// Empties the place, and hands over what was there. As after a wake, a task that registers at
    /// this moment sees all that was done before.
    pub fn take(&self) -> Option<Waker> {
        self.state.take().map(|seat| self.empty(seat))
    }

    /// Only with a seat that the caller has got out of the word.
    fn empty(&self, seat: Seat) -> Waker {
        // SAFETY: it was filled before it was in the word, and whoever got it out of there is the
        // only one to empty it.
        let waker = self.seats[seat.0].with(|place| unsafe { (*place).assume_init_read() });
        self.state.leave(seat);
        waker
    }
    // ANCHOR_END: wake
}

impl Default for AtomicWaker {
    fn default() -> Self {
        AtomicWaker::new()
    }
}

impl Drop for AtomicWaker {
    fn drop(&mut self) {
        drop(self.take());
    }
}
