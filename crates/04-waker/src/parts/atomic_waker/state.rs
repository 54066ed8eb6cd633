//! The word of an `AtomicWaker`: what is in the place, who may touch the cell, and how often it has been filled. All that
//! is done to it stands here, each step by its name, with what the caller must do next as the result.

use std::sync::atomic::Ordering::{AcqRel, Acquire};

use crate::sync::AtomicUsize;

/// There is no waker.
const NOTHING: usize = 0;
/// The cell holds one. From here on it is only read, until somebody replaces this word: then what he has read is his.
const WAKER: usize = 1;
/// A task is about to fill the cell, which belongs to it alone. `wake` leaves `WOKEN` here, and goes.
const REGISTERING: usize = 2;
/// The same, and meanwhile somebody has called `wake`: who registers must wake himself.
const WOKEN: usize = 3;

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

/// Whoever has this registers, owns the cell, and was woken over it.
pub(super) struct Woken(usize);

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
    /// It is a read-modify-write also where nothing changes: who registers next reads this word or a later one, and with it
    /// sees all that was done before the wake. Models: `a_wake_publishes_*`.
    #[must_use = "a waker that was taken must be woken or dropped"]
    pub(super) fn notify(&self, seen: Seen) -> Result<(), Seen> {
        let next = match seen.0 & PHASE {
            WAKER => seen.0 - WAKER + NOTHING,
            REGISTERING => seen.0 - REGISTERING + WOKEN,
            _ => seen.0,
        };
        self.replace(seen.0, next)
    }

    /// `register`, with the waker that is there already: nothing changes, but as in `notify` it is written, so that a wake
    /// which comes before is seen, and one that comes after finds the waker.
    #[must_use = "unless it is confirmed, another waker is in the cell, or none"]
    pub(super) fn confirm(&self, seen: Seen) -> Result<(), Seen> {
        self.replace(seen.0, seen.0)
    }

    /// `register`, its beginning: the cell is the caller's until [`State::unlock`].
    #[must_use = "it must be unlocked"]
    pub(super) fn lock(&self, seen: Seen) -> Result<Locked, Seen> {
        debug_assert!(seen.found() != Found::Registering, "it belongs to somebody else");
        let locked = ((seen.0 & !PHASE) | REGISTERING).wrapping_add(ONE_REGISTRATION);
        self.replace(seen.0, locked)?;
        Ok(Locked(locked))
    }

    /// `register`, its end: the cell holds a waker for everybody. `Err`: it does not, since somebody has called `wake`; take
    /// it out, [`State::clear`], and wake it.
    #[must_use = "a wake that came meanwhile is the caller's to do"]
    pub(super) fn unlock(&self, locked: Locked) -> Result<(), Woken> {
        self.replace(locked.0, locked.0 - REGISTERING + WAKER).map_err(|woken| Woken(woken.0))
    }

    /// After a wake that came meanwhile: the place is empty.
    pub(super) fn clear(&self, woken: Woken) {
        // A swap and no store: it must hand on what the wakes before it have published. Model: `two_wakes_*`.
        self.0.swap(woken.0 - WOKEN + NOTHING, AcqRel);
    }

    fn replace(&self, seen: usize, next: usize) -> Result<(), Seen> {
        self.0.compare_exchange(seen, next, AcqRel, Acquire).map(drop).map_err(Seen)
    }
}
