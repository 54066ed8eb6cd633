//! The state of a task in one word: what the task does, who still wants its output, and how many
//! references there are. Each step is a function that returns what the caller must do next. No
//! other file changes the word, and this file has no unsafe code.

use std::{
    fmt, process,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed},
};

use crate::sync::AtomicUsize;

// ANCHOR: word
/// The task was woken, and no poll has started since. A wake sets this bit; the start of a poll
/// unsets it.
///
/// While this bit is set, and `RUNNING` and `COMPLETE` are not set, the task has exactly one entry:
/// in a run queue, or about to be pushed. If a wake comes during a poll, the end of that poll makes
/// the entry.
const SCHEDULED: usize = 1;
/// One thread uses the future, to poll it or to drop it. That thread sets this bit and unsets it.
const RUNNING: usize = 1 << 1;
/// The future was dropped and the output is stored. The step that unsets `RUNNING` sets this bit,
/// forever.
const COMPLETE: usize = 1 << 2;
/// The future must be dropped instead of polled. Set by an abort or by the end of the executor,
/// forever.
const CANCELLED: usize = 1 << 3;
/// The task has a join handle. Set at first; the drop of the handle unsets it.
const HANDLE: usize = 1 << 4;
/// The cell `joiner` holds a waker, which the thread that completes the task may read. Without this
/// bit, the cell belongs to the handle.
///
/// The handle sets it, only before `COMPLETE`. Before `COMPLETE` the handle unsets it, and
/// afterwards the thread that completed the task.
const AWAITED: usize = 1 << 5;
/// The other bits count the references to the task.
const REFERENCE: usize = 1 << 6;
// ANCHOR_END: word

/// The state word of a task.
///
/// - An **idle** task waits for a wake: neither `SCHEDULED`, `RUNNING` nor `COMPLETE` is set.
/// - A **scheduled** task was woken: it has one entry in a run queue.
/// - A **running** task is being polled, or its future is being dropped.
/// - A **complete** task has an output and no future.
///
/// ```text
///            wake                 start                 ready, panicked or cancelled
///   idle ────────────> scheduled ────────────> running ──────────────────────────────> complete
///     ^                    ^                    │    │
///     │                    └────────────────────┘    │
///     │                      pending, was woken      │
///     └──────────────────────────────────────────────┘
///                      pending
/// ```
pub(crate) struct StateWord(AtomicUsize);

/// What follows from a wake or an abort.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum WakeStep {
    /// The task was idle: push an entry for it. The word has counted the entry's reference.
    Schedule,
    /// The task is scheduled, running or complete: push nothing.
    Nothing,
}

/// What to do with an entry that was taken from a run queue.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum StartStep {
    /// Poll the future.
    Poll,
    /// Drop the future, and complete the task.
    Cancel,
    /// Do nothing: the future was dropped, or another call is dropping it.
    Over,
}

/// What follows from a poll that returned `Pending`.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum PendingStep {
    /// The task is idle. The word has given the entry's reference back.
    Idle,
    /// The task was woken during the poll: push the entry again.
    Again,
    /// The task was cancelled during the poll: drop the future, and complete the task.
    Cancel,
}

/// What the thread that completes a task still has to do.
#[must_use]
pub(crate) struct CompleteStep {
    /// The handle is still there, so it may take the output.
    pub(crate) is_output_wanted: bool,
    /// A task awaits the handle: wake it, then call [`StateWord::woke_joiner`].
    pub(crate) is_awaited: bool,
}

/// What a handle has to drop when it is dropped.
#[must_use]
pub(crate) struct DetachStep {
    /// The output, unless the handle has taken it.
    pub(crate) output: bool,
    /// The waker that the handle left in the task.
    pub(crate) waker: bool,
}

/// The task is complete, so the handle's step was refused.
#[must_use]
#[derive(Debug)]
pub(crate) struct AlreadyComplete;

impl StateWord {
    /// The word of a new task: scheduled, with a handle and three references. They belong to the
    /// owner's list, to the entry in the run queue, and to the handle.
    pub(crate) fn new() -> Self {
        StateWord(AtomicUsize::new(SCHEDULED | HANDLE | (3 * REFERENCE)))
    }

    // ANCHOR: wake
    /// Records a wake.
    pub(crate) fn wake(&self) -> WakeStep {
        self.step(|now| {
            if now & COMPLETE != 0 {
                (now, WakeStep::Nothing)
            } else if now & (SCHEDULED | RUNNING) != 0 {
                // The word is written even if the bit is set: only so does the next poll see what
                // this thread did before its wake.
                (now | SCHEDULED, WakeStep::Nothing)
            } else {
                ((now | SCHEDULED) + REFERENCE, WakeStep::Schedule)
            }
        })
    }
    // ANCHOR_END: wake

    /// Records an abort. `Schedule` means, as for a wake, that the caller pushes an entry.
    pub(crate) fn cancel(&self) -> WakeStep {
        self.step(|now| {
            if now & COMPLETE != 0 {
                (now, WakeStep::Nothing)
            } else if now & (SCHEDULED | RUNNING) != 0 {
                (now | CANCELLED, WakeStep::Nothing)
            } else {
                ((now | CANCELLED | SCHEDULED) + REFERENCE, WakeStep::Schedule)
            }
        })
    }

    // ANCHOR: start
    /// An entry was taken from a run queue.
    pub(crate) fn start(&self) -> StartStep {
        self.step(|now| {
            if now & (RUNNING | COMPLETE) != 0 {
                return (now, StartStep::Over);
            }
            let start = if now & CANCELLED != 0 { StartStep::Cancel } else { StartStep::Poll };
            ((now & !SCHEDULED) | RUNNING, start)
        })
    }

    /// The poll has returned `Pending`.
    pub(crate) fn pending(&self) -> PendingStep {
        self.step(|now| {
            if now & CANCELLED != 0 {
                (now, PendingStep::Cancel)
            } else if now & SCHEDULED != 0 {
                (now & !RUNNING, PendingStep::Again)
            } else {
                ((now & !RUNNING) - REFERENCE, PendingStep::Idle)
            }
        })
    }
    // ANCHOR_END: start

    /// The owner ends the task. `true` means that the caller drops the future and completes the
    /// task. `false` means that the task is complete, or that a poll is running, further out on
    /// this thread or on another one: the end of that poll does both.
    #[must_use]
    pub(crate) fn shut_down(&self) -> bool {
        self.step(|now| match now & (RUNNING | COMPLETE) {
            0 => (now | CANCELLED | RUNNING, true),
            _ => (now | CANCELLED, false),
        })
    }

    /// The future was dropped, and the output is stored.
    pub(crate) fn complete(&self) -> CompleteStep {
        let before = self.0.fetch_xor(RUNNING | COMPLETE, AcqRel);
        debug_assert!(before & RUNNING != 0 && before & COMPLETE == 0);
        CompleteStep { is_output_wanted: before & HANDLE != 0, is_awaited: before & AWAITED != 0 }
    }

    /// The joiner was woken. `true` means that the handle was dropped, so the caller drops its
    /// waker.
    #[must_use]
    pub(crate) fn woke_joiner(&self) -> bool {
        self.0.fetch_and(!AWAITED, AcqRel) & HANDLE == 0
    }

    /// Whether the output is stored. It then belongs to the handle.
    pub(crate) fn is_complete(&self) -> bool {
        self.0.load(Acquire) & COMPLETE != 0
    }

    /// Whether the handle has left a waker, which it may now read.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.load(Acquire) & AWAITED != 0
    }

    /// The handle takes the cell `joiner` back, to leave another waker there.
    pub(crate) fn take_back(&self) -> Result<(), AlreadyComplete> {
        self.step(|now| if now & COMPLETE != 0 { (now, Err(AlreadyComplete)) } else { (now & !AWAITED, Ok(())) })
    }

    /// The handle has left a waker.
    pub(crate) fn leave_waker(&self) -> Result<(), AlreadyComplete> {
        self.step(|now| if now & COMPLETE != 0 { (now, Err(AlreadyComplete)) } else { (now | AWAITED, Ok(())) })
    }

    /// The handle is dropped. Its reference stays until [`StateWord::release`].
    pub(crate) fn detach(&self) -> DetachStep {
        self.step(|now| {
            if now & COMPLETE != 0 {
                // With `AWAITED`, the thread that completed the task still uses the waker. It will
                // see that the handle was dropped, and drop the waker.
                (now & !HANDLE, DetachStep { output: true, waker: now & AWAITED == 0 })
            } else {
                (now & !(HANDLE | AWAITED), DetachStep { output: false, waker: now & AWAITED != 0 })
            }
        })
    }

    /// Adds a reference.
    pub(crate) fn retain(&self) {
        // Relaxed is enough: the caller has a reference, so no other thread frees the task now.
        if self.0.fetch_add(REFERENCE, Relaxed) > usize::MAX / 2 {
            // Only forgotten wakers can add up to so many. `Arc` aborts too: to go on would free
            // what is in use.
            process::abort();
        }
    }

    /// Removes a reference. `true` means that it was the last one, so the caller frees the task.
    #[must_use]
    pub(crate) fn release(&self) -> bool {
        // `Acquire`: all that other threads did with the task happens before it is freed.
        self.0.fetch_sub(REFERENCE, AcqRel) / REFERENCE == 1
    }

    /// Takes one step, and writes the word even if the step changes nothing. So each step sees all
    /// that happened before the steps in front of it.
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

impl fmt::Debug for StateWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.0.load(Relaxed);
        let names = ["SCHEDULED", "RUNNING", "COMPLETE", "CANCELLED", "HANDLE", "AWAITED"];
        let set = names.into_iter().enumerate().filter(|(bit, _)| word >> bit & 1 != 0).map(|(_, name)| name);
        f.debug_list().entries(set).entry(&(word / REFERENCE)).finish()
    }
}
