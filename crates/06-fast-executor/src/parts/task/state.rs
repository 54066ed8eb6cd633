//! A task's word: what it is doing, who still wants its output, and how many hold it. Every step
//! that a thread may take is a function here, and says what the caller has to do next. No other
//! file changes the word, and there is no unsafe code.

use std::{
    fmt, process,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed},
};

use crate::sync::AtomicUsize;

// ANCHOR: word
/// Woken, and not polled since. Set by a wake; unset when a poll begins. While it is set and
/// neither `RUNNING` nor `COMPLETE` is, there is one entry for the task in a run queue, or on its
/// way there. Set while `RUNNING`: the entry is made when the poll ends, unless that completes the
/// task.
const SCHEDULED: usize = 1;
/// Somebody has the future to itself: to poll it, or to drop it. Set by who begins that, and unset
/// by the same.
const RUNNING: usize = 1 << 1;
/// The future is gone, and the output is there. Set with the end of `RUNNING`; never unset.
const COMPLETE: usize = 1 << 2;
/// It shall not be polled any more, but dropped. Never unset.
const CANCELLED: usize = 1 << 3;
/// There is a join handle. Set at first; unset when that is dropped.
const HANDLE: usize = 1 << 4;
/// The place for the joiner's waker is filled, and may be read by who completes the task; while it
/// is not set, that place is the handle's. Set by the handle, before `COMPLETE`; unset by the
/// handle before `COMPLETE`, by the other after.
const AWAITED: usize = 1 << 5;
/// The rest of the word counts who holds the task.
const REFERENCE: usize = 1 << 6;
// ANCHOR_END: word

/// The word.
pub(crate) struct State(AtomicUsize);

/// After a wake.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Wake {
    /// It was idle: make an entry of it. The reference of that is counted.
    Schedule,
    /// It is scheduled already, or over.
    Nothing,
}

/// What to do with an entry of a run queue.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Start {
    /// Poll the future.
    Poll,
    /// Drop the future, and complete the task.
    Cancel,
    /// Nothing: it is over, or somebody is ending it.
    Over,
}

/// After a poll that was `Pending`.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Pending {
    /// It waits for a wake. The reference of the entry was given back.
    Idle,
    /// It was woken meanwhile: the entry goes into the queue again.
    Again,
    /// It was cancelled meanwhile: drop the future, and complete the task.
    Cancel,
}

/// After the task was completed.
#[must_use]
pub(crate) struct Completed {
    /// Somebody may want the output.
    pub(crate) wanted: bool,
    /// Somebody waits for it: wake it, then [`State::woke_joiner`].
    pub(crate) awaited: bool,
}

/// What a handle that goes has to take along.
#[must_use]
pub(crate) struct Left {
    /// The output, if it has not been taken.
    pub(crate) output: bool,
    /// Its waker, if it has left one.
    pub(crate) waker: bool,
}

/// The task is complete, so the handle's step was not taken.
#[must_use]
#[derive(Debug)]
pub(crate) struct Complete;

impl State {
    /// Of a task with a handle and one entry, which is in its owner's list: three references.
    pub(crate) fn new() -> Self {
        State(AtomicUsize::new(SCHEDULED | HANDLE | (3 * REFERENCE)))
    }

    // ANCHOR: wake
    /// It was woken.
    pub(crate) fn wake(&self) -> Wake {
        self.step(|now| {
            if now & COMPLETE != 0 {
                (now, Wake::Nothing)
            } else if now & (SCHEDULED | RUNNING) != 0 {
                // Written also if it says so already: this wake has something of its own to show to
                // the poll that comes.
                (now | SCHEDULED, Wake::Nothing)
            } else {
                ((now | SCHEDULED) + REFERENCE, Wake::Schedule)
            }
        })
    }
    // ANCHOR_END: wake

    /// It shall be dropped where it runs: by `Schedule` an entry has to be made, as by a wake.
    pub(crate) fn cancel(&self) -> Wake {
        self.step(|now| {
            if now & COMPLETE != 0 {
                (now, Wake::Nothing)
            } else if now & (SCHEDULED | RUNNING) != 0 {
                (now | CANCELLED, Wake::Nothing)
            } else {
                ((now | CANCELLED | SCHEDULED) + REFERENCE, Wake::Schedule)
            }
        })
    }

    // ANCHOR: start
    /// An entry was taken out of a queue.
    pub(crate) fn start(&self) -> Start {
        self.step(|now| {
            if now & (RUNNING | COMPLETE) != 0 {
                return (now, Start::Over);
            }
            let start = if now & CANCELLED != 0 { Start::Cancel } else { Start::Poll };
            ((now & !SCHEDULED) | RUNNING, start)
        })
    }

    /// The poll is over, and was `Pending`.
    pub(crate) fn pending(&self) -> Pending {
        self.step(|now| {
            if now & CANCELLED != 0 {
                (now, Pending::Cancel)
            } else if now & SCHEDULED != 0 {
                (now & !RUNNING, Pending::Again)
            } else {
                ((now & !RUNNING) - REFERENCE, Pending::Idle)
            }
        })
    }
    // ANCHOR_END: start

    /// Its owner ends it: `true` if the future is the caller's to drop, and the task to complete.
    /// If it is being polled (further out, on this very thread), that poll's end sees to it.
    #[must_use]
    pub(crate) fn shut_down(&self) -> bool {
        self.step(|now| match now & (RUNNING | COMPLETE) {
            0 => (now | CANCELLED | RUNNING, true),
            _ => (now | CANCELLED, false),
        })
    }

    /// The future is gone, and the output in its place.
    pub(crate) fn complete(&self) -> Completed {
        let before = self.0.fetch_xor(RUNNING | COMPLETE, AcqRel);
        debug_assert!(before & RUNNING != 0 && before & COMPLETE == 0);
        Completed { wanted: before & HANDLE != 0, awaited: before & AWAITED != 0 }
    }

    /// The joiner was woken: `true` if the handle went meanwhile, and its waker is the caller's to
    /// drop.
    #[must_use]
    pub(crate) fn woke_joiner(&self) -> bool {
        self.0.fetch_and(!AWAITED, AcqRel) & HANDLE == 0
    }

    /// Whether the output is there. Then it is the handle's.
    pub(crate) fn is_complete(&self) -> bool {
        self.0.load(Acquire) & COMPLETE != 0
    }

    /// Whether the handle has left a waker, which it may read now.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.load(Acquire) & AWAITED != 0
    }

    /// The handle takes its place back, to leave another waker there.
    pub(crate) fn take_back(&self) -> Result<(), Complete> {
        self.step(|now| if now & COMPLETE != 0 { (now, Err(Complete)) } else { (now & !AWAITED, Ok(())) })
    }

    /// The handle has left a waker.
    pub(crate) fn leave(&self) -> Result<(), Complete> {
        self.step(|now| if now & COMPLETE != 0 { (now, Err(Complete)) } else { (now | AWAITED, Ok(())) })
    }

    /// The handle goes; its reference stays to be [given back](State::release).
    pub(crate) fn leave_handle(&self) -> Left {
        self.step(|now| {
            if now & COMPLETE != 0 {
                // Who completed it may still be at the waker, and will see that nobody else takes
                // it.
                (now & !HANDLE, Left { output: true, waker: now & AWAITED == 0 })
            } else {
                (now & !(HANDLE | AWAITED), Left { output: false, waker: now & AWAITED != 0 })
            }
        })
    }

    /// One reference more.
    pub(crate) fn retain(&self) {
        // Whoever clones has one, so nobody frees it meanwhile.
        if self.0.fetch_add(REFERENCE, Relaxed) > usize::MAX / 2 {
            // Only by forgetting wakers: as with `Arc`, to go on would be to free what is in use.
            process::abort();
        }
    }

    /// One reference less: `true` if there is none left, and the task to be freed.
    #[must_use]
    pub(crate) fn release(&self) -> bool {
        // Acquire, so that all that others did with the task was done before it is freed.
        self.0.fetch_sub(REFERENCE, AcqRel) / REFERENCE == 1
    }

    /// Takes one step of the word, also if that changes nothing: each step sees all that was done
    /// before those it follows.
    fn step<T>(&self, step: impl Fn(usize) -> (usize, T)) -> T {
        let mut now = self.0.load(Relaxed);
        loop {
            let (next, done) = step(now);
            match self.0.compare_exchange_weak(now, next, AcqRel, Relaxed) {
                Ok(_) => return done,
                Err(other) => now = other,
            }
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.0.load(Relaxed);
        let names = ["SCHEDULED", "RUNNING", "COMPLETE", "CANCELLED", "HANDLE", "AWAITED"];
        let set = names.into_iter().enumerate().filter(|(bit, _)| word >> bit & 1 != 0).map(|(_, name)| name);
        f.debug_list().entries(set).entry(&(word / REFERENCE)).finish()
    }
}
