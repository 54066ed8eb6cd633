//! The word of an `AtomicWaker`: what is in the place, who may touch the cell, and how often it has been filled. All that
//! is done to it stands here, each step by its name, with what the caller must do next as the result.

use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::sync::AtomicUsize;

/// There is no waker.
const NOTHING: usize = 0;
/// The cell holds one. From here on it is only read, until somebody replaces this word: then what he has read is his.
const WAKER: usize = 1;
/// A task fills the cell, which belongs to it alone.
const REGISTERING: usize = 2;

const PHASE: usize = 3;
/// The bits above count the registrations, so that a `WAKER` is never taken for an earlier one whose pointers were read.
/// It would take all that fit into a word, within two loads of one thread, to be mistaken.
const ONE_REGISTRATION: usize = 4;

/// The word.
pub(super) struct State(AtomicUsize);

/// The word as somebody has seen it.
#[derive(Clone, Copy)]
pub(super) struct Seen(usize);

/// What there was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    Nothing,
    Waker,
    Registering,
}

/// Whoever has this registers, and owns the cell.
pub(super) struct Locked(usize);

impl Seen {
    pub(super) fn found(self) -> Found {
        match self.0 & PHASE {
            NOTHING => Found::Nothing,
            WAKER => Found::Waker,
            _ => Found::Registering,
        }
    }
}

impl State {
    pub(super) fn new() -> Self {
        State(AtomicUsize::new(NOTHING))
    }

    pub(super) fn look(&self) -> Seen {
        Seen(self.0.load(Acquire))
    }

    /// `wake`, one step for every case. `Ok` after a `Waker`: what was read from the cell is the caller's. `Ok` else: there
    /// is nothing to do. `Err`: it is not as it was, look again.
    ///
    /// Also where nothing changes the word is written, as it is: who registers reads it, or a later one, and so sees all
    /// that was done before the wake. Models: `atomic_waker_a_wake_publishes_*`.
    #[must_use = "a waker that was taken must be woken or dropped"]
    pub(super) fn notify(&self, seen: Seen) -> Result<(), Seen> {
        let next = if seen.found() == Found::Waker { seen.0 - WAKER + NOTHING } else { seen.0 };
        self.replace(seen.0, next)
    }

    /// `register`, its beginning: the cell is the caller's until [`State::unlock`].
    #[must_use = "it must be unlocked"]
    pub(super) fn lock(&self, seen: Seen) -> Result<Locked, Seen> {
        debug_assert!(seen.found() != Found::Registering, "it belongs to somebody else");
        let locked = ((seen.0 & !PHASE) | REGISTERING).wrapping_add(ONE_REGISTRATION);
        self.replace(seen.0, locked)?;
        Ok(Locked(locked))
    }

    /// `register`, its end: the cell holds a waker for everybody. All that was done before the wakes which came meanwhile,
    /// and found nothing to take, is seen from here on. That is why it is a swap and no store. Models: `atomic_waker_*`.
    pub(super) fn unlock(&self, Locked(locked): Locked) {
        self.0.swap(locked - REGISTERING + WAKER, AcqRel);
    }

    fn replace(&self, seen: usize, next: usize) -> Result<(), Seen> {
        self.0.compare_exchange(seen, next, AcqRel, Acquire).map(drop).map_err(Seen)
    }
}
