//! Where the workers of a pool sleep: one of them in the driver, if there is one, and each of the
//! others in a parker of its own. The driver is entered by one at a time. If it panics, the process
//! ends.

use std::{
    mem, process,
    sync::{PoisonError, TryLockError},
};

use super::{
    driver::{Driver, Parking},
    event,
};
use crate::sync::{Mutex, MutexGuard};

/// The driver that workers share.
pub struct Seats(Option<Mutex<Box<dyn Driver + Send>>>);

/// Where a worker sleeps.
pub struct Seat<'a> {
    /// Its number.
    pub worker: usize,
    /// What it sleeps in.
    pub driver: &'a mut dyn Driver,
    /// Whether that is the one that all share.
    pub is_shared: bool,
}

impl Seats {
    /// With this driver, or with none.
    pub fn new(driver: Option<Box<dyn Driver + Send>>) -> Self {
        Seats(driver.map(Mutex::new))
    }

    // ANCHOR: seats
    /// The driver has its turn, unless another worker is in it, who sees to that.
    pub fn turn(&self) {
        if let Some(mut driver) = self.driver() {
            event::turn();
            driver.turn();
        }
    }

    /// Gives a worker a place to sleep: the driver if nobody is in it, else its own.
    pub fn sit<R>(&self, worker: usize, own: &mut Parking, sleep: impl FnOnce(Seat<'_>) -> R) -> R {
        match self.driver() {
            Some(mut driver) => sleep(Seat { worker, driver: &mut **driver, is_shared: true }),
            None => sleep(Seat { worker, driver: own, is_shared: false }),
        }
    }
    // ANCHOR_END: seats

    // ANCHOR: abort
    /// Runs a worker to its end. All that can panic in there is a driver: what a task panics with
    /// is its own. A worker that is gone would be waited for, and there is no caller to tell: so
    /// the process ends, as in a pool of rayon that was given no panic handler.
    pub fn run(worker: impl FnOnce()) {
        /// Dropped by a panic only.
        struct Abort;

        impl Drop for Abort {
            fn drop(&mut self) {
                eprintln!("a pool's driver has panicked, and nobody could go on without it: the process ends");
                process::abort();
            }
        }

        let abort = Abort;
        worker();
        mem::forget(abort);
    }
    // ANCHOR_END: abort

    fn driver(&self) -> Option<MutexGuard<'_, Box<dyn Driver + Send>>> {
        match self.0.as_ref()?.try_lock() {
            Ok(driver) => Some(driver),
            Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
