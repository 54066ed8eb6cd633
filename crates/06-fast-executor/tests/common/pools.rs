//! One trait for the two pools, so that each test is written once.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::{future::Future, pin::Pin};

use lesson_executor::parts::driver::Driver;
use lesson_fast_executor::{parts::task::JoinHandle, s2_pool, s3_stealing};

/// The future of a task.
pub type Work = Pin<Box<dyn Future<Output = usize> + Send>>;

/// What the two pools have in common.
pub trait Pool: Send + Sync + Sized + 'static {
    type Spawner: Send + Sync + 'static;

    fn new(workers: usize) -> Self;
    fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self;
    fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output>;
    fn spawner(&self) -> Self::Spawner;
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    /// Spawns from inside a task.
    fn spawn_here<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output>;
    /// Spawns with a spawner.
    fn spawn_on<F>(spawner: &Self::Spawner, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static;
}

macro_rules! pools {
    ($($stage:ident)*) => {$(
        impl Pool for $stage::Executor {
            type Spawner = $stage::Spawner;

            fn new(workers: usize) -> Self {
                $stage::Executor::new(workers)
            }

            fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self {
                $stage::Executor::with_driver(workers, driver)
            }

            fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
                self.spawn(future)
            }

            fn spawner(&self) -> $stage::Spawner {
                self.spawner()
            }

            fn block_on<F: Future>(&self, future: F) -> F::Output {
                self.block_on(future)
            }

            fn spawn_here<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
                $stage::spawn(future)
            }

            fn spawn_on<F>(spawner: &$stage::Spawner, future: F) -> JoinHandle<F::Output>
            where
                F: Future<Output: Send> + Send + 'static,
            {
                spawner.spawn(future)
            }
        }
    )*};
}

pools!(s2_pool s3_stealing);
