//! The spawner of the executor that this thread runs. So a function `spawn` without an executor
//! knows where its task belongs. Each type of spawner has a thread-local of its own.

use std::cell::RefCell;

use super::enter::{EnterGuard, enter};
use crate::sync::LocalKey;

/// The message of a `spawn` on a thread that runs no executor.
pub(crate) const OUTSIDE: &str = "`spawn` was called outside an executor; call it inside a task or `block_on`, or use \
                                  `Executor::spawn`";

/// A thread-local that holds the current spawner, if there is one.
pub(crate) type CurrentKey<T> = LocalKey<RefCell<Option<T>>>;

/// A type of spawner, with its thread-local.
pub(crate) trait CurrentSpawner: Clone + 'static {
    /// The thread-local of this type.
    fn key() -> &'static CurrentKey<Self>;

    /// Marks that this thread runs the executor of this spawner.
    ///
    /// # Panics
    ///
    /// If it already runs an executor.
    #[track_caller]
    fn enter(&self) -> (EnterGuard, CurrentGuard<Self>) {
        (enter(), CurrentGuard::new(self))
    }
}

/// Gives a type of spawner its thread-local. A thread-local cannot be generic, so this is a macro.
macro_rules! current_spawner {
    ($spawner:ty) => {
        impl $crate::parts::current::CurrentSpawner for $spawner {
            fn key() -> &'static $crate::parts::current::CurrentKey<Self> {
                $crate::sync::thread_local! {
                    static CURRENT: std::cell::RefCell<Option<$spawner>> = const { std::cell::RefCell::new(None) };
                }
                &CURRENT
            }
        }
    };
}

pub(crate) use current_spawner;

/// Guard: makes a spawner the current one, and restores the previous one on drop.
pub(crate) struct CurrentGuard<T: CurrentSpawner> {
    outer: Option<T>,
}

impl<T: CurrentSpawner> CurrentGuard<T> {
    /// Makes this spawner the current one.
    pub(crate) fn new(spawner: &T) -> Self {
        // At the end of a thread its thread-local may be gone. An executor in another thread-local
        // can still be dropped then, and works without a current spawner.
        CurrentGuard { outer: T::key().try_with(|current| current.replace(Some(spawner.clone()))).ok().flatten() }
    }
}

impl<T: CurrentSpawner> Drop for CurrentGuard<T> {
    fn drop(&mut self) {
        let inner = T::key().try_with(|current| current.replace(self.outer.take()));
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
pub(crate) fn with_current<T: CurrentSpawner, R>(act: impl FnOnce(&T) -> R) -> R {
    T::key().with(|current| act(current.borrow().as_ref().expect(OUTSIDE)))
}
