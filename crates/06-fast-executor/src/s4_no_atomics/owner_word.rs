//! The word of a task that only its own thread uses, so it is not atomic. Each step is a function,
//! without unsafe code.
//!
//! References are counted in two words, as in biased reference counting (Choi, Shull and Torrellas,
//! PACT 2018). The words are merged when the task has no future, no handle and no queue entry.

use std::cell::Cell;

use super::remote_word::RemoteWord;
use crate::parts::task::StartStep;

// ANCHOR: own
/// The future is here, or its drop has not ended. Set at first; unset when that end is over.
pub(super) const FUTURE: u32 = 1;
/// The task has a join handle. Set at first; the drop of the handle unsets it.
pub(super) const HANDLE: u32 = 1 << 1;
/// The task is in the run queue. A wake sets it; the start of a poll unsets it.
pub(super) const QUEUED: u32 = 1 << 2;
/// While one of these is set, the slot is in use, and the number of references does not matter.
const STRONG: u32 = FUTURE | HANDLE | QUEUED;
/// The future is being dropped or was dropped, so it is not polled again. Set forever.
const ENDING: u32 = 1 << 3;
/// The output is stored. Set if there is a handle, which unsets it when it takes the output.
const OUTPUT: u32 = 1 << 4;
/// The handle has taken the output. Set forever.
const TAKEN: u32 = 1 << 5;
/// The future must be dropped instead of polled. Set forever.
const ABORTED: u32 = 1 << 6;
/// Future and output are in a box, and the slot holds the pointer to it. Set when the task is made,
/// or never.
const BOXED: u32 = 1 << 7;
/// The remote word counts all references, because no strong flag is left. Set forever.
const MERGED: u32 = 1 << 8;
/// The slot holds no task and belongs to the slab. A new task overwrites the whole word, and so
/// clears this bit.
const FREE: u32 = 1 << 9;
/// The other bits are a signed number: the references that the owner thread has made, minus those
/// that it has dropped. A reference may be made here and dropped elsewhere, so the number may be
/// negative.
const OWN_REFERENCE: u32 = 1 << 10;

/// The word that only the owner thread reads and writes.
pub(super) struct OwnerWord(Cell<u32>);
// ANCHOR_END: own

/// How large the owner's number may become before it is added to the remote word. Otherwise it
/// would overflow if for hours one thread makes the wakers of a task and another one drops them.
const FAR: i32 = if cfg!(loom_model) { 2 } else { 1 << 20 };

/// What a handle finds in place of the output.
#[must_use]
pub(super) enum OutputStep {
    /// The output is stored, and now belongs to the caller.
    Take,
    /// The task has not ended.
    Wait,
    /// The output was taken before.
    Taken,
}

impl OwnerWord {
    /// The word of a new task, which has a handle and is in the queue.
    #[inline]
    pub(super) fn new(boxed: bool) -> Self {
        OwnerWord(Cell::new(FUTURE | HANDLE | QUEUED | if boxed { BOXED } else { 0 }))
    }

    /// The word of a task that waits and has no handle.
    pub(super) fn detached() -> Self {
        OwnerWord(Cell::new(FUTURE))
    }

    // ANCHOR: wake
    /// Records a wake. `true` means that the caller pushes the task into the queue.
    #[inline]
    #[must_use]
    pub(super) fn wake(&self) -> bool {
        let goes = self.0.get() & (FUTURE | ENDING | QUEUED) == FUTURE;
        if goes {
            self.set(QUEUED);
        }
        goes
    }

    /// Records an abort. `true` means the same as for [`wake`](OwnerWord::wake).
    #[must_use]
    pub(super) fn abort(&self) -> bool {
        self.set(ABORTED);
        self.wake()
    }

    /// The task was taken from the queue. After [`StartStep::Over`] the caller
    /// [releases](OwnerWord::release) `QUEUED`.
    #[inline]
    pub(super) fn start(&self) -> StartStep {
        let start = match self.0.get() & (FUTURE | ENDING | ABORTED) {
            FUTURE => StartStep::Poll,
            now if now == FUTURE | ABORTED => StartStep::Cancel,
            _ => return StartStep::Over,
        };
        self.unset(QUEUED);
        start
    }
    // ANCHOR_END: wake

    /// Whether the future is here and its drop has not begun.
    #[must_use]
    pub(super) fn is_alive(&self) -> bool {
        self.0.get() & (FUTURE | ENDING) == FUTURE
    }

    /// The drop of the future begins.
    #[inline]
    pub(super) fn end(&self) {
        self.set(ENDING);
    }

    /// Whether there is a handle, which may take the output.
    #[inline]
    pub(super) fn has_handle(&self) -> bool {
        self.0.get() & HANDLE != 0
    }

    /// The output was stored.
    #[inline]
    pub(super) fn store_output(&self) {
        self.set(OUTPUT);
    }

    /// The handle takes the output, if it is stored.
    #[inline]
    pub(super) fn take_output(&self) -> OutputStep {
        match self.0.get() & (OUTPUT | TAKEN) {
            0 => OutputStep::Wait,
            OUTPUT => {
                self.0.set(self.0.get() ^ (OUTPUT | TAKEN));
                OutputStep::Take
            }
            _ => OutputStep::Taken,
        }
    }

    /// Whether the output is stored, or was taken.
    pub(super) fn is_finished(&self) -> bool {
        self.0.get() & (OUTPUT | TAKEN) != 0
    }

    /// Records that the slot belongs to the slab.
    #[inline]
    pub(super) fn free(&self) {
        self.set(FREE);
    }

    /// Whether the slot belongs to the slab.
    pub(super) fn is_free(&self) -> bool {
        self.0.get() & FREE != 0
    }

    #[inline]
    pub(super) fn is_boxed(&self) -> bool {
        self.0.get() & BOXED != 0
    }

    // ANCHOR: merge
    /// Unsets `FUTURE`, `HANDLE` or `QUEUED`. `true` means that the caller frees the slot. If it is
    /// `false` and this was the last of the three, another thread may have freed the slot already.
    #[inline]
    #[must_use]
    pub(super) fn release(&self, strong: u32, remote: &RemoteWord) -> bool {
        self.unset(strong);
        if self.0.get() & STRONG != 0 {
            return false;
        }
        self.set(MERGED);
        remote.merge(self.count())
    }
    // ANCHOR_END: merge

    /// Adds a reference, on the owner thread.
    #[inline]
    pub(super) fn add_reference(&self, remote: &RemoteWord) {
        if self.0.get() & MERGED != 0 {
            return remote.retain();
        }
        self.0.set(self.0.get().wrapping_add(OWN_REFERENCE));
        self.settle_if_far(remote);
    }

    /// Removes a reference, on the owner thread. `true` means that the caller frees the slot.
    #[inline]
    #[must_use]
    pub(super) fn release_reference(&self, remote: &RemoteWord) -> bool {
        if self.0.get() & MERGED != 0 {
            return remote.release();
        }
        self.0.set(self.0.get().wrapping_sub(OWN_REFERENCE));
        self.settle_if_far(remote);
        false
    }

    #[inline]
    fn settle_if_far(&self, remote: &RemoteWord) {
        if self.count().unsigned_abs() >= FAR.unsigned_abs() {
            remote.add(self.count());
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

#[cfg(all(test, not(loom_model)))]
mod tests {
    use super::{FAR, FUTURE, HANDLE, OwnerWord, QUEUED, RemoteWord};

    /// References made on one side and dropped on the other, for longer than a number could count.
    #[test]
    fn the_two_numbers_never_drift_apart() {
        let (own, remote) = (OwnerWord::new(false), RemoteWord::new());
        assert!(!own.release(HANDLE | QUEUED, &remote));
        for _ in 0..5 * FAR {
            own.add_reference(&remote);
            assert!(!remote.release());
        }
        for _ in 0..10 * FAR {
            remote.retain();
            assert!(!own.release_reference(&remote));
        }
        own.add_reference(&remote);
        remote.retain();
        assert!(!own.release(FUTURE, &remote), "there are two references");
        assert!(!remote.release());
        assert!(own.release_reference(&remote), "that was the last reference");
    }
}
