//! The locks, atomics and threads of this lesson. They are those of std, of loom under
//! `--cfg loom_model`, and of shuttle under `--cfg shuttle_model`. loom tries the orders in which
//! threads can meet; shuttle tries random ones.

use std::sync::PoisonError;

#[cfg(loom_model)]
pub(crate) use loom::{
    sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool},
    thread,
};

#[cfg(shuttle_model)]
pub(crate) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool},
    thread,
};

#[cfg(not(any(loom_model, shuttle_model)))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool},
    thread,
};

/// Acquires the lock. If a thread panicked while it held the lock, the data is used as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
