//! The two words of a task on one thread: what its owner knows, changed without atomics, and what other threads have done.

use std::{
    cell::Cell,
    sync::atomic::{
        AtomicU32,
        Ordering::{AcqRel, Acquire, Relaxed},
    },
};

/// The future is there, to be polled or to be dropped.
pub const ALIVE: u32 = 1;
/// A `JoinHandle` is there.
pub const HANDLE: u32 = 2;
/// It is in the run queue.
pub const QUEUED: u32 = 4;
/// The output is there, to be taken by the handle.
pub const OUTPUT: u32 = 8;
/// The future shall be dropped rather than polled.
pub const ABORTED: u32 = 16;
/// All references are counted in the other word from now on.
pub const MERGED: u32 = 32;

const STRONG: u32 = ALIVE | HANDLE | QUEUED;

/// The owner's word.
pub struct Local {
    flags: Cell<u32>,
    /// Wakers made by the owner less those dropped by it: may be negative.
    refs: Cell<i32>,
}

/// The word of the others: bit 0: woken; bit 1: merged; above: references, signed.
pub struct Remote(AtomicU32);

const WOKEN: u32 = 1;
const ALL: u32 = 2;
const REF: u32 = 4;

#[derive(PartialEq, Eq)]
#[must_use]
pub enum After {
    Stays,
    Free,
}

impl Local {
    pub fn new(flags: u32) -> Self {
        Local { flags: Cell::new(flags), refs: Cell::new(0) }
    }
    #[inline]
    pub fn has(&self, flag: u32) -> bool {
        self.flags.get() & flag != 0
    }
    #[inline]
    pub fn set(&self, flag: u32) {
        self.flags.set(self.flags.get() | flag);
    }
    #[inline]
    pub fn clear(&self, flag: u32) {
        self.flags.set(self.flags.get() & !flag);
    }
    /// A wake: `true` if it must go into the queue.
    #[inline]
    #[must_use]
    pub fn wake(&self) -> bool {
        let flags = self.flags.get();
        if flags & (QUEUED | ALIVE) == ALIVE {
            self.flags.set(flags | QUEUED);
            return true;
        }
        false
    }
    /// Takes flags away. If no strong one is left, the references decide.
    #[inline]
    pub fn release(&self, flag: u32, remote: &Remote) -> After {
        let flags = self.flags.get() & !flag;
        self.flags.set(flags);
        if flags & STRONG != 0 {
            return After::Stays;
        }
        self.merge(remote)
    }
    fn merge(&self, remote: &Remote) -> After {
        let refs = self.refs.get();
        let word = remote.0.load(Acquire);
        if refs + (word as i32 >> 2) == 0 {
            return After::Free;
        }
        self.set(MERGED);
        let word = remote.0.fetch_add((refs as u32).wrapping_mul(REF).wrapping_add(ALL), AcqRel);
        if refs + (word as i32 >> 2) == 0 { After::Free } else { After::Stays }
    }
    #[inline]
    pub fn add_ref(&self, remote: &Remote) {
        if self.has(MERGED) {
            remote.add_ref();
        } else {
            self.refs.set(self.refs.get() + 1);
        }
    }
    #[inline]
    pub fn drop_ref(&self, remote: &Remote) -> After {
        if self.has(MERGED) {
            return remote.drop_ref();
        }
        self.refs.set(self.refs.get() - 1);
        After::Stays
    }
}

impl Remote {
    pub fn new() -> Self {
        Remote(AtomicU32::new(0))
    }
    pub fn add_ref(&self) {
        self.0.fetch_add(REF, Relaxed);
    }
    /// Only the last one of a merged task frees it.
    pub fn drop_ref(&self) -> After {
        let word = self.0.fetch_sub(REF, AcqRel);
        if word & ALL != 0 && (word as i32 >> 2) == 1 { After::Free } else { After::Stays }
    }
    /// `true` if the caller must put it into the others' queue.
    #[must_use]
    pub fn wake(&self) -> bool {
        self.0.fetch_or(WOKEN, AcqRel) & WOKEN == 0
    }
    pub fn answered(&self) {
        self.0.fetch_and(!WOKEN, AcqRel);
    }
}
