//! One executor a thread, at a time: one that is run inside a poll of another would keep that one's
//! tasks waiting, and hang if it waited for one of them.

use std::{cell::Cell, ptr};

use crate::sync::thread_local;

/// Set in the word of a thread that runs an executor.
const ENTERED: usize = 1;

thread_local! {
    /// Whether this thread runs an executor, and beside that bit the owner on which it spawns, if
    /// that is told here: by a stage that has no time for a second word. (An owner's address is
    /// even.)
    static RUNS: Cell<*const ()> = const { Cell::new(ptr::null()) };
}

/// While it is there, this thread runs an executor, or spawns on an owner. Then it is as before.
pub(crate) struct Entered {
    outer: *const (),
}

/// Says that this thread runs an executor from now on.
///
/// # Panics
///
/// If it does so already.
#[track_caller]
pub(crate) fn enter() -> Entered {
    enter_as(owner())
}

/// The same, and it spawns on this owner, whose address is even.
#[inline]
#[track_caller]
pub(crate) fn enter_as(owner: *const ()) -> Entered {
    let outer = RUNS.with(Cell::get);
    assert!(
        outer.addr() & ENTERED == 0,
        "this thread runs an executor already: inside a task, await the future instead"
    );
    RUNS.with(|runs| runs.set(owner.map_addr(|address| address | ENTERED)));
    Entered { outer }
}

/// Says that this thread spawns on that owner from now on, whether it runs an executor or not.
pub(crate) fn spawn_on(owner: *const ()) -> Entered {
    let outer = RUNS.with(|runs| runs.get());
    RUNS.with(|runs| runs.set(owner.map_addr(|address| address | outer.addr() & ENTERED)));
    Entered { outer }
}

/// The owner on which this thread spawns, if it was told here; else null.
#[inline]
pub(crate) fn owner() -> *const () {
    RUNS.with(Cell::get).map_addr(|address| address & !ENTERED)
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        /// Not inlined, so that what is nearly always written is a constant, and waits for no read.
        #[cold]
        #[inline(never)]
        fn put_back(outer: *const ()) {
            RUNS.with(|runs| runs.set(outer));
        }
        if self.outer.is_null() {
            RUNS.with(|runs| runs.set(ptr::null()));
        } else {
            put_back(self.outer);
        }
    }
}
