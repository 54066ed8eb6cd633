//! The spawner of the executor that this thread runs. So a function `spawn` without an executor
//! knows where its task belongs. Each stage keeps its spawner in a thread-local of its own.

use std::cell::RefCell;

use crate::sync::LocalKey;

/// The thread-local of one type of spawner.
pub(crate) type CurrentKey<T> = LocalKey<RefCell<Option<T>>>;

/// The message of a `spawn` on a thread that runs no executor.
pub(crate) const OUTSIDE: &str = "`spawn` was called outside an executor; call it inside a task or `block_on`, or use \
                                  `Executor::spawn`";

/// Guard: makes a spawner the current one, and restores the previous one on drop.
pub(crate) struct CurrentGuard<T: 'static> {
    key: &'static CurrentKey<T>,
    outer: Option<T>,
}

impl<T> CurrentGuard<T> {
    /// Makes this spawner the current one.
    pub(crate) fn new(key: &'static CurrentKey<T>, spawner: T) -> Self {
        // At the end of a thread its thread-local may be gone. An executor in another thread-local
        // can still be dropped then, and works without a current spawner.
        let outer = key.try_with(|current| current.replace(Some(spawner))).ok().flatten();
        CurrentGuard { key, outer }
    }
}

impl<T> Drop for CurrentGuard<T> {
    fn drop(&mut self) {
        let inner = self.key.try_with(|current| current.replace(self.outer.take()));
        // The last spawner of an executor drops tasks, and those may spawn: the `RefCell` is not
        // borrowed here.
        drop(inner);
    }
}

/// Calls `act` with the current spawner.
///
/// # Panics
///
/// If there is none.
pub(crate) fn with_current<T, R>(key: &'static CurrentKey<T>, act: impl FnOnce(&T) -> R) -> R {
    key.with(|current| act(current.borrow().as_ref().expect(OUTSIDE)))
}
