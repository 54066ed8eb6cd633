//! One trait for the two stages on one thread, so that each test is written once.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::future::Future;

use futures::task::{LocalSpawn, Spawn};
use lesson_executor::parts::{driver::Driver, join::JoinError};
use lesson_fast_executor::{s1_one_allocation, s4_no_atomics};

/// What the two stages have in common.
pub trait Stage: Sized + 'static {
    /// The driver.
    type Driver: Driver + Default;
    type Handle<T: 'static>: Handle<T>;
    type Spawner: LocalSpawn + Spawn + 'static;

    fn with_driver(driver: Self::Driver) -> Self;
    fn new() -> Self {
        Self::with_driver(Self::Driver::default())
    }
    fn spawn<F: Future + 'static>(&self, future: F) -> Self::Handle<F::Output>;
    fn spawner(&self) -> Self::Spawner;
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    fn run_until_stalled(&self);
    fn queue_len(&self) -> usize;
    /// Spawns from inside a task.
    fn spawn_here<F: Future + 'static>(future: F) -> Self::Handle<F::Output>;
    /// Spawns with a spawner.
    fn spawn_on<F: Future + 'static>(spawner: &Self::Spawner, future: F) -> Self::Handle<F::Output>;
}

pub trait Handle<T>: Future<Output = Result<T, JoinError>> + Unpin + 'static {
    fn abort(&self);
    fn is_finished(&self) -> bool;
    /// Returns a function that aborts the task from any thread.
    fn aborts(&self) -> impl Fn() + Send + 'static;
}

macro_rules! stages {
    ($($stage:ident)*) => {$(
        impl<D: Driver + Default + 'static> Stage for $stage::Executor<D> {
            type Driver = D;
            type Handle<T: 'static> = $stage::JoinHandle<T>;
            type Spawner = $stage::Spawner;

            fn with_driver(driver: D) -> Self {
                $stage::Executor::with_driver(driver)
            }

            fn spawn<F: Future + 'static>(&self, future: F) -> $stage::JoinHandle<F::Output> {
                self.spawn(future)
            }

            fn spawner(&self) -> $stage::Spawner {
                self.spawner()
            }

            fn block_on<F: Future>(&self, future: F) -> F::Output {
                self.block_on(future)
            }

            fn run_until_stalled(&self) {
                self.run_until_stalled();
            }

            fn queue_len(&self) -> usize {
                self.queue_len()
            }

            fn spawn_here<F: Future + 'static>(future: F) -> $stage::JoinHandle<F::Output> {
                $stage::spawn(future)
            }

            fn spawn_on<F: Future + 'static>(spawner: &$stage::Spawner, future: F) -> $stage::JoinHandle<F::Output> {
                spawner.spawn(future)
            }
        }

        impl<T: 'static> Handle<T> for $stage::JoinHandle<T> {
            fn abort(&self) {
                self.abort();
            }

            fn is_finished(&self) -> bool {
                self.is_finished()
            }

            fn aborts(&self) -> impl Fn() + Send + 'static {
                let handle = self.abort_handle();
                move || handle.abort()
            }
        }
    )*};
}

stages!(s1_one_allocation s4_no_atomics);

/// Makes tests of functions, on both stages, with the usual driver or another one.
macro_rules! on_both {
    ($($(#[$how:meta])* $test:ident)*) => {
        on_both! { lesson_executor::parts::driver::Parking => $($(#[$how])* $test)* }
    };
    ($driver:ty => $($(#[$how:meta])* $test:ident)*) => {
        mod one_allocation {
            $(#[test] $(#[$how])* fn $test() { super::$test::<lesson_fast_executor::s1_one_allocation::Executor<$driver>>(); })*
        }
        mod no_atomics {
            $(#[test] $(#[$how])* fn $test() { super::$test::<lesson_fast_executor::s4_no_atomics::Executor<$driver>>(); })*
        }
    };
}
