//! The locks, flags and threads of this lesson, which tests replace. Usually they are those of std.
//! Under `--cfg loom_model` they are loom's. loom runs a program many times and tries the orders of
//! its threads' steps. Under `--cfg shuttle_model` they are shuttle's, which tries random orders.

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
