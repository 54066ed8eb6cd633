//! The two words of a task. Its owner thread changes a plain word, and all other threads an atomic
//! one. Each step is a function here, without unsafe code.
//!
//! The counts are biased (Choi, Shull and Torrellas, "Biased reference counting", PACT 2018), and
//! merged when the owner lets go.

use std::{
    cell::Cell,
    process,
    sync::atomic::Ordering::{AcqRel, Acquire},
};

use crate::sync::AtomicU32;

// ANCHOR: own
/// The future is there, or is just being dropped. Set at first; unset when its end is over.
pub(super) const FUTURE: u32 = 1;
/// There is a join handle. Set at first; unset when that is dropped.
pub(super) const HANDLE: u32 = 1 << 1;
/// It is in the run queue. Set by a wake; unset when it is taken out.
pub(super) const QUEUED: u32 = 1 << 2;
/// While one of these is set, the slot is not free, and the references count for nothing.
const STRONG: u32 = FUTURE | HANDLE | QUEUED;
/// The future is not polled any more: it is being dropped, or gone. Never unset.
const ENDING: u32 = 1 << 3;
/// The output is there. Set if there is a handle, which unsets it when it takes the output.
const OUTPUT: u32 = 1 << 4;
/// The handle has taken the output. Never unset.
const TAKEN: u32 = 1 << 5;
/// It shall not be polled any more, but dropped. Never unset.
const ABORTED: u32 = 1 << 6;
/// Future and output are in a box, and the slot has the pointer to it. It is so from the beginning,
/// or never.
const BOXED: u32 = 1 << 7;
/// All references are counted by the others' word, since nothing strong is left. Never unset.
const MERGED: u32 = 1 << 8;
/// The slot is the slab's, and there is no task. Set when nobody has the task; a new one has a new
/// word.
const FREE: u32 = 1 << 9;
/// The rest of the owner's word is a signed number: the references that were made on its thread,
/// less those that were dropped there. A reference may be made here and dropped elsewhere, so it
/// may well be negative.
const OWN_REFERENCE: u32 = 1 << 10;

/// The owner's word. Nobody else reads or writes it.
pub(super) struct Own(Cell<u32>);

/// In the queue of its owner's, by a thread that is not the owner: there is one entry for it among
/// the woken, which has a reference. Set by a wake; unset by the owner, who takes that entry out.
const WOKEN: u32 = 1;
/// As [`ABORTED`], from another thread. Never unset.
const ABORT: u32 = 1 << 1;
/// As [`MERGED`]: who drops the last reference frees the slot. Never unset.
const ALL: u32 = 1 << 2;
/// The rest of the others' word is a signed number: the references that were made by others, less
/// those that were dropped by others. With the owner's number it makes the number of those that
/// there are.
const REFERENCE: u32 = 1 << 3;

/// The others' word.
pub(super) struct Others(AtomicU32);
// ANCHOR_END: own

/// How far the owner's number may go before the others' takes it over. It would overflow where one
/// thread makes the wakers of a task and another one drops them, for hours.
const FAR: i32 = if cfg!(loom_model) { 2 } else { 1 << 20 };
/// How many references there may be: only by forgetting wakers could there be more.
const MOST: i32 = 1 << 27;

/// What to do with an entry of the run queue.
#[must_use]
pub(super) enum Start {
    /// Poll the future.
    Poll,
    /// Drop the future.
    Cancel,
    /// Nothing: it is over. `QUEUED` is to be [let go](Own::release).
    Over,
}

/// What a handle finds.
#[must_use]
pub(super) enum Output {
    /// There it is, and it is the caller's.
    There,
    /// There is none yet.
    Later,
    /// It was taken before.
    Taken,
}

/// What the owner has to do for others who have woken.
#[must_use]
pub(super) enum Answer {
    /// Wake it.
    Wake,
    /// Abort it.
    Abort,
    /// Nothing, and it may be gone.
    Over,
    /// Free the slot.
    Free,
}

impl Own {
    /// Of a new task, which has a handle and is in the queue.
    #[inline]
    pub(super) fn new(boxed: bool) -> Self {
        Own(Cell::new(FUTURE | HANDLE | QUEUED | if boxed { BOXED } else { 0 }))
    }

    /// Of a task that waits, and has no handle.
    pub(super) fn detached() -> Self {
        Own(Cell::new(FUTURE))
    }

    // ANCHOR: wake
    /// It was woken: `true` if it goes into the queue.
    #[inline]
    #[must_use]
    pub(super) fn wake(&self) -> bool {
        let goes = self.0.get() & (FUTURE | ENDING | QUEUED) == FUTURE;
        if goes {
            self.set(QUEUED);
        }
        goes
    }

    /// It shall be dropped where it would be polled: `true` if it goes into the queue.
    #[must_use]
    pub(super) fn abort(&self) -> bool {
        self.set(ABORTED);
        self.wake()
    }

    /// It was taken out of the queue.
    #[inline]
    pub(super) fn start(&self) -> Start {
        let start = match self.0.get() & (FUTURE | ENDING | ABORTED) {
            FUTURE => Start::Poll,
            now if now == FUTURE | ABORTED => Start::Cancel,
            _ => return Start::Over,
        };
        self.unset(QUEUED);
        start
    }
    // ANCHOR_END: wake

    /// The executor ends: `true` if the future is the caller's to drop.
    #[must_use]
    pub(super) fn is_alive(&self) -> bool {
        self.0.get() & (FUTURE | ENDING) == FUTURE
    }

    /// The future will not be polled any more.
    #[inline]
    pub(super) fn end(&self) {
        self.set(ENDING);
    }

    /// Whether somebody may want the output.
    #[inline]
    pub(super) fn has_handle(&self) -> bool {
        self.0.get() & HANDLE != 0
    }

    /// The output was put in its place.
    #[inline]
    pub(super) fn put(&self) {
        self.set(OUTPUT);
    }

    /// The handle wants the output.
    #[inline]
    pub(super) fn take(&self) -> Output {
        match self.0.get() & (OUTPUT | TAKEN) {
            0 => Output::Later,
            OUTPUT => {
                self.0.set(self.0.get() ^ (OUTPUT | TAKEN));
                Output::There
            }
            _ => Output::Taken,
        }
    }

    /// Whether the output is there, or was.
    pub(super) fn is_finished(&self) -> bool {
        self.0.get() & (OUTPUT | TAKEN) != 0
    }

    /// Nobody has the task any more.
    #[inline]
    pub(super) fn free(&self) {
        self.set(FREE);
    }

    /// Whether the slot is the slab's.
    pub(super) fn is_free(&self) -> bool {
        self.0.get() & FREE != 0
    }

    #[inline]
    pub(super) fn is_boxed(&self) -> bool {
        self.0.get() & BOXED != 0
    }

    // ANCHOR: merge
    /// One of `FUTURE`, `HANDLE` and `QUEUED` goes: `true` if the slot is the caller's to free. If
    /// it is `false` and that was the last of the three, another thread may have freed it already.
    #[inline]
    #[must_use]
    pub(super) fn release(&self, strong: u32, others: &Others) -> bool {
        self.unset(strong);
        if self.0.get() & STRONG != 0 {
            return false;
        }
        self.set(MERGED);
        others.merge(self.count())
    }
    // ANCHOR_END: merge

    /// One reference more, on the owner's thread.
    #[inline]
    pub(super) fn retain(&self, others: &Others) {
        if self.0.get() & MERGED != 0 {
            return others.retain();
        }
        self.0.set(self.0.get().wrapping_add(OWN_REFERENCE));
        self.settle_if_far(others);
    }

    /// One reference less, on the owner's thread: `true` if the slot is the caller's to free.
    #[inline]
    #[must_use]
    pub(super) fn give_back(&self, others: &Others) -> bool {
        if self.0.get() & MERGED != 0 {
            return others.give_back();
        }
        self.0.set(self.0.get().wrapping_sub(OWN_REFERENCE));
        self.settle_if_far(others);
        false
    }

    #[inline]
    fn settle_if_far(&self, others: &Others) {
        if self.count().unsigned_abs() >= FAR.unsigned_abs() {
            others.add(self.count());
            self.0.set(self.0.get() & (OWN_REFERENCE - 1));
        }
    }

    #[inline]
    fn count(&self) -> i32 {
        self.0.get().cast_signed() >> OWN_REFERENCE.trailing_zeros()
    }

    #[inline]
    fn set(&self, flag: u32) {
        self.0.set(self.0.get() | flag);
    }

    #[inline]
    fn unset(&self, flag: u32) {
        self.0.set(self.0.get() & !flag);
    }
}

impl Others {
    #[inline]
    pub(super) fn new() -> Self {
        Others(AtomicU32::new(0))
    }

    /// It was woken: `true` if there is an entry to make, whose reference is counted.
    #[must_use]
    pub(super) fn wake(&self) -> bool {
        self.wake_with(WOKEN)
    }

    /// It shall be dropped where it would be polled: `true` as in [`wake`](Others::wake).
    #[must_use]
    pub(super) fn abort(&self) -> bool {
        self.wake_with(WOKEN | ABORT)
    }

    fn wake_with(&self, flags: u32) -> bool {
        // Written also if it says so already: this wake has something of its own to show to the
        // poll that comes.
        let before = self.0.fetch_or(flags, AcqRel);
        let first = before & (WOKEN | ALL) == 0;
        if first {
            // In time: there is no entry yet, and meanwhile the caller's own reference keeps the
            // task.
            self.retain();
        }
        first
    }

    /// The owner has taken the entry out, and sees all that was done before each of the wakes since
    /// the last time.
    pub(super) fn answer(&self) -> Answer {
        let before = self.0.fetch_sub(WOKEN + REFERENCE, AcqRel);
        match before & (ALL | ABORT) {
            0 => Answer::Wake,
            ABORT => Answer::Abort,
            _ if references(before) == 1 => Answer::Free,
            _ => Answer::Over,
        }
    }

    /// Nothing strong is left, and the owner counts so many references: `true` if there are none.
    #[inline]
    fn merge(&self, own: i32) -> bool {
        // Nobody has one, then nobody can make one, and nothing will change here any more: to look
        // is enough. (What is read may be old. But each reference that is not dropped yet was made
        // before something that is seen here.)
        if own + references(self.0.load(Acquire)) == 0 {
            return true;
        }
        let before = self.0.fetch_add(own.cast_unsigned().wrapping_mul(REFERENCE).wrapping_add(ALL), AcqRel);
        own + references(before) == 0
    }

    /// One reference more.
    pub(super) fn retain(&self) {
        self.add(1);
    }

    fn add(&self, count: i32) {
        let before = self.0.fetch_add(count.cast_unsigned().wrapping_mul(REFERENCE), AcqRel);
        if references(before) > MOST {
            // As with `Arc`, to go on would be to free what is in use.
            process::abort();
        }
    }

    /// One reference less: `true` if the slot is the caller's to free.
    #[must_use]
    pub(super) fn give_back(&self) -> bool {
        let before = self.0.fetch_sub(REFERENCE, AcqRel);
        before & ALL != 0 && references(before) == 1
    }
}

fn references(word: u32) -> i32 {
    word.cast_signed() >> REFERENCE.trailing_zeros()
}

#[cfg(all(test, not(loom_model)))]
mod tests {
    use super::{FAR, FUTURE, HANDLE, Others, Own, QUEUED};

    /// Made here and dropped there, and the other way round, for longer than the owner's number
    /// could count.
    #[test]
    fn the_two_numbers_never_drift_apart() {
        let (own, others) = (Own::new(false), Others::new());
        assert!(!own.release(HANDLE | QUEUED, &others));
        for _ in 0..5 * FAR {
            own.retain(&others);
            assert!(!others.give_back());
        }
        for _ in 0..10 * FAR {
            others.retain();
            assert!(!own.give_back(&others));
        }
        own.retain(&others);
        others.retain();
        assert!(!own.release(FUTURE, &others), "there are two");
        assert!(!others.give_back());
        assert!(own.give_back(&others), "that was the last one");
    }
}
