//! The two pools behind a trait: a test is written once for both.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::{future::Future, pin::Pin};

use lesson_executor::{
    parts::{driver::Driver, task::JoinHandle},
    s5_pool, s6_stealing,
};

/// What a task does.
pub type Work = Pin<Box<dyn Future<Output = usize> + Send>>;

/// What the two stages have in common.
pub trait Pool: Send + Sync + Sized + 'static {
    fn new(workers: usize) -> Self;
    fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self;
    fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output>;
    fn spawner(&self) -> impl Fn(Work) -> JoinHandle<usize> + Send + 'static;
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    /// From inside a task.
    fn spawn_here<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output>;
}

impl Pool for s5_pool::Executor {
    fn new(workers: usize) -> Self {
        s5_pool::Executor::new(workers)
    }

    fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self {
        s5_pool::Executor::with_driver(workers, driver)
    }

    fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawn(future)
    }

    fn spawner(&self) -> impl Fn(Work) -> JoinHandle<usize> + Send + 'static {
        let spawner = self.spawner();
        move |work| spawner.spawn(work)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn spawn_here<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
        s5_pool::spawn(future)
    }
}

impl Pool for s6_stealing::Executor {
    fn new(workers: usize) -> Self {
        s6_stealing::Executor::new(workers)
    }

    fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self {
        s6_stealing::Executor::with_driver(workers, driver)
    }

    fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawn(future)
    }

    fn spawner(&self) -> impl Fn(Work) -> JoinHandle<usize> + Send + 'static {
        let spawner = self.spawner();
        move |work| spawner.spawn(work)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn spawn_here<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
        s6_stealing::spawn(future)
    }
}
