//! A place for one waker, which one task fills and any thread empties: `register`, then check whether it has happened;
//! make it happen, then `wake`. No lock, no allocation, no code of a stranger while others are kept out. The race between
//! the two and why it is won: `DESIGN.md` of this lesson.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ptr,
    sync::atomic::Ordering::Relaxed,
    task::{RawWakerVTable, Waker},
};

use crate::sync::AtomicPtr;
use state::{Found, Seen, State};

mod state;

/// Keeps the waker of the task that waits, until somebody wakes it.
///
/// After [`register`](AtomicWaker::register) has returned, the task must look once more whether what it waits for has
/// happened. Whoever makes that happen calls [`wake`](AtomicWaker::wake) afterwards. Then the task sees it, or is woken.
pub struct AtomicWaker {
    state: State,
    cell: Cell,
}

impl AtomicWaker {
    /// An empty place.
    pub fn new() -> Self {
        AtomicWaker { state: State::new(), cell: Cell::new() }
    }

    // ANCHOR: register
    /// Keeps a clone of the waker in the place of the last one. If another task registers here at this moment, this one is
    /// woken at once instead, and shall come again.
    ///
    /// A `clone` that panics leaves everything as it was.
    pub fn register(&self, waker: &Waker) {
        let mut seen = self.state.look();
        loop {
            seen = match seen.found() {
                // Two tasks at one place: only one can be kept, and none shall be forgotten.
                Found::Registering => return waker.wake_by_ref(),
                // It is there already. If it has been taken by now, it is about to be woken, and this task comes again.
                Found::Waker if self.cell.will_wake(waker) => return,
                // Cloned before the lock: a clone is code of a stranger, who may panic or come back here.
                Found::Waker | Found::Nothing => match self.replace(seen, waker.clone()) {
                    Ok(()) => return,
                    Err(now) => now,
                },
            };
        }
    }

    fn replace(&self, seen: Seen, waker: Waker) -> Result<(), Seen> {
        let locked = self.state.lock(seen)?;
        // SAFETY: between `lock` and `unlock` the cell is ours alone. It holds a waker if `seen` said so: it is that word
        // which has been replaced.
        let last = (seen.found() == Found::Waker).then(|| unsafe { self.cell.read().into_waker() });
        self.cell.write(waker);
        self.state.unlock(locked);
        // And dropped after it.
        drop(last);
        Ok(())
    }
    // ANCHOR_END: register

    // ANCHOR: wake
    /// Wakes the task that is registered, if one is, and empties the place.
    ///
    /// A wake that panics has emptied it all the same.
    pub fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }

    /// Empties the place, and hands over what was there. As after a wake, a task that registers at this moment sees all that
    /// was done before.
    pub fn take(&self) -> Option<Waker> {
        let mut seen = self.state.look();
        loop {
            // Read before it is ours, since afterwards the next one may be written over it.
            let read = (seen.found() == Found::Waker).then(|| self.cell.read());
            match self.state.notify(seen) {
                // SAFETY: the word was still the one that said that there is a waker: nobody has written the cell since, or
                // the word would be another for good, and nobody else can take this waker.
                Ok(()) => return read.map(|read| unsafe { read.into_waker() }),
                Err(now) => seen = now,
            }
        }
    }
    // ANCHOR_END: wake
}

impl Default for AtomicWaker {
    fn default() -> Self {
        AtomicWaker::new()
    }
}

impl Drop for AtomicWaker {
    fn drop(&mut self) {
        // Nobody else is here any more: mostly a look is enough.
        if self.state.look().found() == Found::Waker {
            drop(self.take());
        }
    }
}

// ANCHOR: cell
/// A waker as its two pointers, which may be read while another thread writes them: what was read then is thrown away.
/// Relaxed throughout, since the word orders them.
struct Cell {
    data: AtomicPtr<()>,
    table: AtomicPtr<RawWakerVTable>,
}

/// What was read from a cell: the pointers of one waker, if the word has not changed meanwhile.
struct Read {
    data: *const (),
    table: *const RawWakerVTable,
}

impl Cell {
    fn new() -> Self {
        Cell { data: AtomicPtr::new(ptr::null_mut()), table: AtomicPtr::new(ptr::null_mut()) }
    }

    fn read(&self) -> Read {
        Read { data: self.data.load(Relaxed), table: self.table.load(Relaxed) }
    }

    /// Only while it is locked, or wakers leak.
    fn write(&self, waker: Waker) {
        let waker = ManuallyDrop::new(waker);
        self.data.store(waker.data().cast_mut(), Relaxed);
        self.table.store(ptr::from_ref(waker.vtable()).cast_mut(), Relaxed);
    }

    /// As `Waker::will_wake`.
    fn will_wake(&self, waker: &Waker) -> bool {
        let Read { data, table } = self.read();
        data == waker.data() && ptr::eq(table, waker.vtable())
    }
}

impl Read {
    /// # Safety
    ///
    /// Both pointers are of one waker that was written into the cell, and nobody else makes a `Waker` of them.
    unsafe fn into_waker(self) -> Waker {
        // SAFETY: they are the two halves of a forgotten `Waker`, which is brought back once.
        unsafe { Waker::new(self.data, &*self.table) }
    }
}
// ANCHOR_END: cell
