//! The atomic word of a task. All threads but its own use it; its own thread only answers wakes and
//! merges its count into it. Each step is a function, without unsafe code.
//!
//! The two words count references together: see `owner_word.rs`.

use std::{
    process,
    sync::atomic::Ordering::{AcqRel, Acquire},
};

use crate::sync::AtomicU32;

// ANCHOR: remote
/// Another thread has woken the task, and made one entry in the list of remote wakes. The entry
/// holds a reference. A wake sets it; the owner thread unsets it when it takes the entry.
const WOKEN: u32 = 1;
/// Another thread has aborted the task. Set forever.
const ABORT: u32 = 1 << 1;
/// This word counts all references: the owner thread has handed its own count over. The thread that
/// drops the last reference frees the slot. Set forever.
const MERGED: u32 = 1 << 2;
/// The other bits are a signed number: the references that other threads have made, minus those
/// that other threads have dropped. The sum with the number in the owner's word is the number of
/// references.
const REFERENCE: u32 = 1 << 3;

/// The word that all other threads use.
pub(super) struct RemoteWord(AtomicU32);
// ANCHOR_END: remote

/// The maximum number of references. A program exceeds it only if it leaks wakers with
/// `mem::forget`.
const MOST: i32 = 1 << 27;

/// What the owner thread has to do for an entry of the list of remote wakes.
#[must_use]
pub(super) enum RemoteStep {
    /// Wake the task.
    Wake,
    /// Abort the task.
    Abort,
    /// Nothing: the task has ended, and its slot may be free.
    Over,
    /// Free the slot.
    Free,
}

impl RemoteWord {
    #[inline]
    pub(super) fn new() -> Self {
        RemoteWord(AtomicU32::new(0))
    }

    /// Records a wake. `true` means that the caller makes an entry, whose reference is counted.
    #[must_use]
    pub(super) fn wake(&self) -> bool {
        self.wake_with(WOKEN)
    }

    /// Records an abort. `true` means the same as for [`wake`](RemoteWord::wake).
    #[must_use]
    pub(super) fn abort(&self) -> bool {
        self.wake_with(WOKEN | ABORT)
    }

    fn wake_with(&self, flags: u32) -> bool {
        // The word is written even if the flag is set: only so does the next poll see what this
        // thread did before its wake.
        let before = self.0.fetch_or(flags, AcqRel);
        let first = before & (WOKEN | MERGED) == 0;
        if first {
            // This is not too late: there is no entry yet, and the caller has a reference.
            self.retain();
        }
        first
    }

    /// The owner thread has taken the entry. It sees what every waking thread did before its wake.
    pub(super) fn answer(&self) -> RemoteStep {
        let before = self.0.fetch_sub(WOKEN + REFERENCE, AcqRel);
        match before & (MERGED | ABORT) {
            0 => RemoteStep::Wake,
            ABORT => RemoteStep::Abort,
            _ if references(before) == 1 => RemoteStep::Free,
            _ => RemoteStep::Over,
        }
    }

    /// The owner thread hands over its count of references. `true` means that there are none.
    #[inline]
    pub(super) fn merge(&self, own: i32) -> bool {
        // If the sum is 0, nobody has a reference, and nobody can make one. A look is enough then,
        // even an old one: each reference that exists was made before something that this thread
        // has seen.
        if own + references(self.0.load(Acquire)) == 0 {
            return true;
        }
        let before = self.0.fetch_add(own.cast_unsigned().wrapping_mul(REFERENCE).wrapping_add(MERGED), AcqRel);
        own + references(before) == 0
    }

    /// Adds a reference.
    pub(super) fn retain(&self) {
        self.add(1);
    }

    /// Changes the number of references by `count`; a negative `count` removes some. At least one
    /// must remain.
    pub(super) fn add(&self, count: i32) {
        let before = self.0.fetch_add(count.cast_unsigned().wrapping_mul(REFERENCE), AcqRel);
        if references(before) > MOST {
            // As `Arc` does: a count that overflows would free a task that is in use.
            process::abort();
        }
    }

    /// Removes a reference. `true` means that the caller frees the slot.
    #[must_use]
    pub(super) fn release(&self) -> bool {
        let before = self.0.fetch_sub(REFERENCE, AcqRel);
        before & MERGED != 0 && references(before) == 1
    }
}

fn references(word: u32) -> i32 {
    word.cast_signed() >> REFERENCE.trailing_zeros()
}
