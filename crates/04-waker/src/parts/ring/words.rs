//! The words of a ring. Positions go up by two; the bit below says of a slot's stamp that it is
//! filled, and of the tail that nobody may send any more. A stamp is the position that may fill the
//! slot next; filled, that position and the bit. At a position every nanosecond the count would
//! last three centuries.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::sync::AtomicUsize;

const BIT: usize = 1;
const STEP: usize = 2;

/// A place in the order of all messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Position(usize);

impl Position {
    pub(super) const FIRST: Position = Position(0);

    /// Which slot it is in a ring of this many, a power of two.
    pub(super) fn slot(self, slots: usize) -> usize {
        (self.0 / STEP) & (slots - 1)
    }

    pub(super) fn next(self) -> Position {
        Position(self.0.wrapping_add(STEP))
    }
}

/// The position that is filled next, and whether the ring is closed.
pub(super) struct Tail(AtomicUsize);

/// What a sender finds at the tail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    Open(Position),
    Closed(Position),
}

impl Tail {
    pub(super) fn new() -> Self {
        Tail(AtomicUsize::new(Position::FIRST.0))
    }

    pub(super) fn look(&self) -> Next {
        Next::of(self.0.load(Acquire))
    }

    /// The position is the caller's, who must fill its slot. `Err`: it is somebody else's, or the
    /// ring is closed.
    #[must_use = "a position that was claimed must be filled"]
    pub(super) fn claim(&self, position: Position) -> Result<(), Next> {
        self.0.compare_exchange(position.0, position.next().0, AcqRel, Acquire).map(drop).map_err(Next::of)
    }

    /// From here on nobody claims a position.
    pub(super) fn close(&self) {
        self.0.fetch_or(BIT, AcqRel);
    }
}

impl Next {
    fn of(word: usize) -> Self {
        let position = Position(word & !BIT);
        if word & BIT == 0 { Next::Open(position) } else { Next::Closed(position) }
    }
}

/// Whose a slot is.
pub(super) struct Stamp(AtomicUsize);

/// What a sender finds at a slot.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Slot {
    /// Whoever claims the position may fill it.
    Free,
    /// What was sent a round before is still there.
    Full,
    /// The position was claimed by somebody else.
    Gone,
}

impl Stamp {
    pub(super) fn new(first: Position) -> Self {
        Stamp(AtomicUsize::new(first.0))
    }

    pub(super) fn look(&self, position: Position) -> Slot {
        match self.0.load(Acquire).wrapping_sub(position.0).cast_signed() {
            0 => Slot::Free,
            ..0 => Slot::Full,
            1.. => Slot::Gone,
        }
    }

    /// The slot is filled: it is the receiver's. Model:
    /// `mpsc_a_sender_waits_for_room_and_the_receiver_for_messages`.
    pub(super) fn fill(&self, position: Position) {
        self.0.store(position.0 | BIT, Release);
    }

    /// Whether the position has been filled.
    #[must_use = "what is in the slot must be taken"]
    pub(super) fn is_filled(&self, position: Position) -> bool {
        self.0.load(Acquire) == position.0 | BIT
    }

    /// The slot is empty: it is the sender's who claims the position one round later. Model:
    /// `mpsc_two_senders_and_one_slot`.
    pub(super) fn free(&self, position: Position, slots: usize) {
        debug_assert_eq!(self.0.load(Relaxed), position.0 | BIT, "it was filled");
        self.0.store(position.0.wrapping_add(slots * STEP), Release);
    }
}
