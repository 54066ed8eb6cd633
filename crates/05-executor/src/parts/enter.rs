//! One executor a thread, at a time: one that is run inside a poll of another would keep that one's tasks waiting, and hang
//! if it waited for one of them.

use std::cell::Cell;

use crate::sync::thread_local;

thread_local! {
    static ENTERED: Cell<bool> = const { Cell::new(false) };
}

/// While it is there, this thread runs an executor.
pub(crate) struct Entered(());

/// Says that this thread runs an executor from now on.
///
/// # Panics
///
/// If it does so already.
#[track_caller]
pub(crate) fn enter() -> Entered {
    let entered = ENTERED.with(|entered| entered.replace(true));
    assert!(!entered, "this thread runs an executor already: inside a task, await the future instead");
    Entered(())
}

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.with(|entered| entered.set(false));
    }
}
