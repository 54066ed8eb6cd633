//! The word of a task that may run on several threads. The task is freed by whoever makes the word zero.
use std::sync::atomic::{AtomicUsize, Ordering::{AcqRel, Acquire, Relaxed}};

/// The future is there.
const ALIVE: usize = 1;
/// It is in a queue, or will be put there by who runs it.
const QUEUED: usize = 2;
/// Somebody polls or drops the future, or wakes who joins.
const RUNNING: usize = 4;
/// A `JoinHandle` is there, and the output is its own once the future has gone.
const HANDLE: usize = 8;
/// The waker of who joins is in its place, and is his who takes `ALIVE` away.
const JOINING: usize = 16;
/// The future shall be dropped rather than polled.
const ABORTED: usize = 32;
/// A waker.
const REF: usize = 64;

pub struct State(AtomicUsize);

#[must_use] pub enum Wake { Nothing, Queue }
#[must_use] pub enum Start { Poll, Drop }
#[must_use] pub enum Pause { Stays, Queue }
#[must_use] pub enum End { Output { joining: bool }, Detached }
#[must_use] #[derive(PartialEq, Eq)] pub enum After { Stays, Free }

fn after(left: usize) -> After { if left & !ABORTED == 0 { After::Free } else { After::Stays } }

impl State {
    pub fn spawned() -> Self { State(AtomicUsize::new(ALIVE | QUEUED | HANDLE)) }
    /// Always writes: what was done before is seen by the poll that comes.
    #[inline]
    pub fn wake(&self) -> Wake {
        let last = self.0.fetch_or(QUEUED, AcqRel);
        if last & ALIVE == 0 { return self.woken_too_late(last) }
        if last & (QUEUED | RUNNING) == 0 { Wake::Queue } else { Wake::Nothing }
    }
    #[cold]
    fn woken_too_late(&self, last: usize) -> Wake {
        if last & QUEUED == 0 { self.0.fetch_and(!QUEUED, AcqRel); }
        Wake::Nothing
    }
    #[inline]
    pub fn start(&self) -> Start {
        let last = self.0.fetch_xor(QUEUED | RUNNING, AcqRel);
        if last & ABORTED == 0 { Start::Poll } else { Start::Drop }
    }
    #[inline]
    pub fn pause(&self) -> Pause {
        let last = self.0.fetch_and(!RUNNING, AcqRel);
        if last & QUEUED == 0 { Pause::Stays } else { Pause::Queue }
    }
    /// The future has gone, the output is in its place.
    #[inline]
    pub fn end(&self) -> End {
        let last = self.0.fetch_and(!(ALIVE | QUEUED), AcqRel);
        if last & HANDLE == 0 { End::Detached } else { End::Output { joining: last & JOINING != 0 } }
    }
    #[inline]
    pub fn leave(&self) -> After { after(self.0.fetch_and(!RUNNING, AcqRel) & !RUNNING) }
    #[inline]
    pub fn is_alive(&self) -> bool { self.0.load(Acquire) & ALIVE != 0 }
    #[inline]
    pub fn is_joining(&self) -> bool { self.0.load(Relaxed) & JOINING != 0 }
    /// `false`: the future has gone meanwhile, and the waker is the caller's again.
    pub fn join(&self) -> bool {
        let last = self.0.fetch_or(JOINING, AcqRel);
        if last & ALIVE == 0 { self.0.fetch_and(!JOINING, AcqRel); return false }
        true
    }
    /// `true`: the waker is the caller's.
    pub fn unjoin(&self) -> bool { self.0.fetch_and(!JOINING, AcqRel) & (ALIVE | JOINING) == ALIVE | JOINING }
    /// The handle goes. Whether the output is there, to be dropped before `forget`.
    pub fn drop_handle(&self) -> (bool, After) {
        // Without output at once.
        let mut word = self.0.load(Acquire);
        loop {
            if word & ALIVE == 0 { return (true, After::Stays) }
            match self.0.compare_exchange_weak(word, word & !HANDLE, AcqRel, Acquire) { Ok(_) => return (false, after(word & !HANDLE)), Err(now) => word = now }
        }
    }
    pub fn forget(&self) -> After { after(self.0.fetch_and(!HANDLE, AcqRel) & !HANDLE) }
    #[inline]
    pub fn add_ref(&self) { self.0.fetch_add(REF, Relaxed); }
    #[inline]
    pub fn drop_ref(&self) -> After { after(self.0.fetch_sub(REF, AcqRel) - REF) }
    pub fn abort(&self) -> Wake {
        let last = self.0.fetch_or(ABORTED, AcqRel);
        if last & ALIVE == 0 { Wake::Nothing } else { self.wake() }
    }
    /// At the end of the pool, when nobody runs any more.
    pub fn seize(&self) -> bool { let l = self.0.load(Acquire); if l & ALIVE == 0 { return false } self.0.fetch_or(RUNNING, AcqRel); true }
}
