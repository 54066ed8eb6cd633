//! The slot of a oneshot channel, and its two ends: one fills it, once, and the other empties it.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::atomic_waker::AtomicWaker;
use crate::sync::{Arc, cell::UnsafeCell};
use state::{Found, State};

mod state;

struct Shared<T> {
    state: State,
    /// The sender's until its one step of the word; then the receiver's if that said `SENT` first,
    /// and the sender's again if the receiver had gone.
    value: UnsafeCell<MaybeUninit<T>>,
    receiver: AtomicWaker,
}

// SAFETY: the value is handed from one thread to another, which `T: Send` allows, and never used by
// two at once.
unsafe impl<T: Send> Sync for Shared<T> {}

/// The end that fills the slot.
pub(crate) struct Put<T> {
    shared: Arc<Shared<T>>,
    done: bool,
}

/// The end that empties it.
pub(crate) struct Take<T> {
    shared: Arc<Shared<T>>,
    done: bool,
}

/// What there is for the receiver.
pub(crate) enum Taken<T> {
    Nothing,
    Value(T),
    /// The sender has gone, or the value was taken before.
    HungUp,
}

/// An empty slot, in one allocation.
pub(crate) fn slot<T>() -> (Put<T>, Take<T>) {
    let value = UnsafeCell::new(MaybeUninit::uninit());
    let shared = Arc::new(Shared { state: State::new(), value, receiver: AtomicWaker::new() });
    (Put { shared: Arc::clone(&shared), done: false }, Take { shared, done: false })
}

impl<T> Put<T> {
    /// Fills the slot, and wakes who waits for it; or gives the value back, if nobody ever will.
    pub(crate) fn put(mut self, value: T) -> Result<(), T> {
        self.done = true;
        // SAFETY: this end exists once and is consumed: before its step of the word the slot is its
        // own.
        self.shared.value.with_mut(|slot| unsafe { (*slot).write(value) });
        match self.shared.state.send() {
            Ok(()) => {
                self.shared.receiver.wake();
                Ok(())
            }
            // SAFETY: the receiver went before, and does not look again: what was written a moment
            // ago is still ours.
            Err(()) => Err(self.shared.value.with_mut(|slot| unsafe { (*slot).assume_init_read() })),
        }
    }
}

impl<T> Drop for Put<T> {
    fn drop(&mut self) {
        if !self.done {
            // Model: `oneshot_a_sender_that_goes_is_noticed`.
            self.shared.state.hang_up();
            self.shared.receiver.wake();
        }
    }
}

impl<T> Take<T> {
    /// What there is now.
    pub(crate) fn take(&mut self) -> Taken<T> {
        if self.done {
            return Taken::HungUp;
        }
        match self.shared.state.look() {
            Found::Nothing => Taken::Nothing,
            Found::HungUp => {
                self.done = true;
                Taken::HungUp
            }
            Found::Value => Taken::Value(self.read()),
        }
    }

    /// Where the waker of the receiver is kept.
    pub(crate) fn waker(&self) -> &AtomicWaker {
        &self.shared.receiver
    }

    /// Only after the word has said that there is a value, and not when it is done.
    fn read(&mut self) -> T {
        debug_assert!(!self.done, "a value is read once");
        self.done = true;
        // SAFETY: the word said `SENT`, so the sender wrote the value and touches it no more;
        // `done` is set, so it is read once.
        self.shared.value.with_mut(|slot| unsafe { (*slot).assume_init_read() })
    }
}

impl<T> Drop for Take<T> {
    fn drop(&mut self) {
        if !self.done && self.shared.state.leave() == Found::Value {
            // Model: `oneshot_a_receiver_that_goes_leaves_one_owner`.
            drop(self.read());
        }
    }
}
