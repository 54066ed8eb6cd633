//! One executor at a time on a thread. An executor that runs inside a poll of another one keeps
//! that one's tasks waiting, and hangs if it waits for one of them. So it panics instead.

use std::{cell::Cell, ptr};

use crate::sync::thread_local;

/// The bit of the thread's word that says that the thread runs an executor.
const ENTERED: usize = 1;

thread_local! {
    /// The word of this thread: the bit `ENTERED`, and beside it the address of a core. (That
    /// address is even.) Only the executor without atomics stores its core here; see
    /// [`current_core`].
    static THREAD_WORD: Cell<*const ()> = const { Cell::new(ptr::null()) };
}

/// Guard: changes the word of this thread, and restores it on drop.
pub(crate) struct EnterGuard {
    outer: *const (),
}

/// Marks that this thread runs an executor.
///
/// # Panics
///
/// If it already runs one.
#[track_caller]
pub(crate) fn enter() -> EnterGuard {
    enter_with(current_core())
}

/// Marks that this thread runs the executor of this core.
///
/// # Panics
///
/// If it already runs an executor.
#[inline]
#[track_caller]
pub(crate) fn enter_with(core: *const ()) -> EnterGuard {
    let outer = THREAD_WORD.with(Cell::get);
    assert!(
        outer.addr() & ENTERED == 0,
        "this thread already runs an executor; inside a task, await the future instead of blocking on it"
    );
    THREAD_WORD.with(|word| word.set(core.map_addr(|address| address | ENTERED)));
    EnterGuard { outer }
}

/// Makes this core the current one, whether the thread runs an executor or not.
pub(crate) fn set_current_core(core: *const ()) -> EnterGuard {
    let outer = THREAD_WORD.with(|word| word.get());
    THREAD_WORD.with(|word| word.set(core.map_addr(|address| address | outer.addr() & ENTERED)));
    EnterGuard { outer }
}

/// The core on which `spawn` of the executor without atomics spawns. Null if there is none.
#[inline]
pub(crate) fn current_core() -> *const () {
    THREAD_WORD.with(Cell::get).map_addr(|address| address & !ENTERED)
}

impl Drop for EnterGuard {
    #[inline]
    fn drop(&mut self) {
        /// Not inlined: in nearly all cases the word becomes null, and then the processor need not
        /// wait until `outer` was read.
        #[cold]
        #[inline(never)]
        fn put_back(outer: *const ()) {
            THREAD_WORD.with(|word| word.set(outer));
        }
        if self.outer.is_null() {
            THREAD_WORD.with(|word| word.set(ptr::null()));
        } else {
            put_back(self.outer);
        }
    }
}
