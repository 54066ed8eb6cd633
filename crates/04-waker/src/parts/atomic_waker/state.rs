//! The words of an `AtomicWaker`: in which of two seats the waker is, who may touch a seat, and
//! whether a task registers now. All that is done to them stands here, each step by its name, with
//! what the caller must do next as the result.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::sync::{AtomicBool, AtomicUsize};

/// No waker is there. Else the word is one more than the number of its seat.
const NOTHING: usize = 0;

/// The words.
pub(super) struct State {
    /// Where the waker is. Every change is a swap: who takes the seat out of the word, owns what is
    /// in it.
    word: AtomicUsize,
    /// A task registers. Nobody waits for it to end: `wake` does not look at it, and another task
    /// goes away again.
    registering: AtomicBool,
    /// Set by who registers, before the seat is in the word. Unset by who has emptied it.
    used: [AtomicBool; 2],
}

/// The number of a seat.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Seat(pub(super) usize);

/// Whoever has this is the only one that registers, and ends it by dropping it.
pub(super) struct Registering<'a>(&'a State);

impl State {
    pub(super) fn new() -> Self {
        let used = [AtomicBool::new(false), AtomicBool::new(false)];
        State { word: AtomicUsize::new(NOTHING), registering: AtomicBool::new(false), used }
    }

    /// `wake`: what is in the seat is the caller's, who must [`State::leave`] it.
    ///
    /// Also where there is nothing the word is written: who registers reads that, or what came
    /// later, and so sees all that was done before the wake. Models: `atomic_waker_*`.
    #[must_use = "the waker in the seat must be taken"]
    pub(super) fn take(&self) -> Option<Seat> {
        seat(self.word.swap(NOTHING, AcqRel))
    }

    /// The seat is empty again.
    pub(super) fn leave(&self, seat: Seat) {
        // What was read from it was read before. Model:
        // `atomic_waker_a_seat_is_filled_again_when_it_is_empty`.
        self.used[seat.0].store(false, Release);
    }

    /// `register`, its beginning. `None`: another task is at it. Model:
    /// `atomic_waker_two_tasks_at_one_place`.
    #[must_use = "it ends when it is dropped"]
    pub(super) fn register(&self) -> Option<Registering<'_>> {
        (!self.registering.swap(true, Acquire)).then_some(Registering(self))
    }
}

impl Registering<'_> {
    /// Where the waker is now. Its pointers may be looked at, since only who registers writes; they
    /// may be taken meanwhile.
    pub(super) fn current(&self) -> Option<Seat> {
        seat(self.0.word.load(Acquire))
    }

    /// A seat that is the caller's to fill, and then to [`Registering::publish`]. `None`: somebody
    /// is emptying one just now, and in the other is the last waker, or it is being emptied too.
    #[must_use = "it must be filled and published"]
    pub(super) fn reserve(&self) -> Option<Seat> {
        let free = [Seat(0), Seat(1)].into_iter().find(|seat| !self.0.used[seat.0].load(Acquire))?;
        // Model: `atomic_waker_a_waker_is_taken_once`.
        self.0.used[free.0].store(true, Relaxed);
        Some(free)
    }

    /// The waker is in this seat. The seat of the last one, if that is still there, is the
    /// caller's, as after [`State::take`]. All that was done before the wakes so far is seen from
    /// here on. Model: `atomic_waker_a_wake_publishes_what_was_before_it`.
    #[must_use = "the last waker must be taken"]
    pub(super) fn publish(&self, Seat(number): Seat) -> Option<Seat> {
        seat(self.0.word.swap(number + 1, AcqRel))
    }
}

impl Drop for Registering<'_> {
    fn drop(&mut self) {
        // Model: `atomic_waker_two_tasks_at_one_place`.
        self.0.registering.store(false, Release);
    }
}

fn seat(word: usize) -> Option<Seat> {
    word.checked_sub(1).map(Seat)
}
