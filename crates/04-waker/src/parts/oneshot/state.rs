//! The word of a oneshot channel. Each side changes it once, and learns from what it replaces whose
//! the value is.

use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::sync::AtomicUsize;

/// Nothing has happened.
const EMPTY: usize = 0;
/// The slot holds the value. It is the receiver's.
const SENT: usize = 1;
/// The sender has gone, and left nothing.
const HUNG_UP: usize = 2;
/// The receiver has gone, and whatever is in the slot is the sender's.
const LEFT: usize = 3;

/// The word.
pub(super) struct State(AtomicUsize);

/// What the receiver finds.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Found {
    Nothing,
    Value,
    HungUp,
}

impl State {
    pub(super) fn new() -> Self {
        State(AtomicUsize::new(EMPTY))
    }

    /// The sender, after it has filled the slot. `Err`: the receiver had gone, take the value back.
    /// Model: `oneshot_a_receiver_that_goes_leaves_one_owner`.
    #[must_use = "a value that was refused is still in the slot"]
    pub(super) fn send(&self) -> Result<(), ()> {
        if self.0.swap(SENT, AcqRel) == LEFT { Err(()) } else { Ok(()) }
    }

    /// The sender goes without a value.
    pub(super) fn hang_up(&self) {
        self.0.swap(HUNG_UP, AcqRel);
    }

    /// The receiver looks. Once there is something, it stays so, since the sender has done its one
    /// step.
    #[must_use = "a value must be taken"]
    pub(super) fn look(&self) -> Found {
        match self.0.load(Acquire) {
            SENT => Found::Value,
            HUNG_UP => Found::HungUp,
            _ => Found::Nothing,
        }
    }

    /// The receiver goes, and what it finds is its own to drop.
    #[must_use = "a value must be taken"]
    pub(super) fn leave(&self) -> Found {
        match self.0.swap(LEFT, AcqRel) {
            SENT => Found::Value,
            HUNG_UP => Found::HungUp,
            _ => Found::Nothing,
        }
    }
}
