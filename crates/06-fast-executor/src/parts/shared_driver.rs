//! The places where the workers of a pool sleep. One of them sleeps in the driver, if the pool has
//! one; each of the others has a parker of its own. One worker at a time uses the driver.

use std::{
    mem, process,
    sync::{PoisonError, TryLockError},
};

use lesson_executor::parts::driver::{Driver, Parking};

use super::event;
use crate::sync::{Mutex, MutexGuard};

/// The driver that all workers of a pool share, if the pool has one.
pub struct SharedDriver(Option<Mutex<Box<dyn Driver + Send>>>);

/// What a worker sleeps in.
pub struct SleepPlace<'a> {
    /// The number of the worker.
    pub worker: usize,
    /// The shared driver, or the worker's own parker.
    pub driver: &'a mut dyn Driver,
    /// Whether it is the shared driver.
    pub is_shared: bool,
}

impl SharedDriver {
    /// Creates it with this driver, or without one.
    pub fn new(driver: Option<Box<dyn Driver + Send>>) -> Self {
        SharedDriver(driver.map(Mutex::new))
    }

    // ANCHOR: seats
    /// Gives the driver its turn. If another worker uses the driver now, no turn is needed.
    pub fn turn(&self) {
        if let Some(mut driver) = self.try_lock() {
            event::turn();
            driver.turn();
        }
    }

    /// Calls `sleep` with a place for this worker: the driver if no worker uses it, else the
    /// worker's own parker.
    pub fn with_place<R>(&self, worker: usize, parking: &mut Parking, sleep: impl FnOnce(SleepPlace<'_>) -> R) -> R {
        match self.try_lock() {
            Some(mut driver) => sleep(SleepPlace { worker, driver: &mut **driver, is_shared: true }),
            None => sleep(SleepPlace { worker, driver: parking, is_shared: false }),
        }
    }
    // ANCHOR_END: seats

    fn try_lock(&self) -> Option<MutexGuard<'_, Box<dyn Driver + Send>>> {
        match self.0.as_ref()?.try_lock() {
            Ok(driver) => Some(driver),
            Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

// ANCHOR: abort
/// Runs a worker. If it panics, the process ends.
///
/// Only the driver can panic here: the panic of a task stays in its task. Without that worker,
/// tasks would wait forever, and no caller would hear of the panic. A pool of rayon without a panic
/// handler aborts too.
pub fn abort_on_panic(worker: impl FnOnce()) {
    /// Dropped only by a panic.
    struct Abort;

    impl Drop for Abort {
        fn drop(&mut self) {
            eprintln!("the driver of a pool has panicked; its tasks would wait forever, so the process aborts");
            process::abort();
        }
    }

    let abort = Abort;
    worker();
    mem::forget(abort);
}
// ANCHOR_END: abort
