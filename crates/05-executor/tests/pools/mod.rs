//! The two pools, as tests that are written once for both see them.

use std::{future::Future, pin::Pin};

use lesson_executor::{parts::task::JoinHandle, s5_pool, s6_stealing};

/// What a task does.
pub type Work = Pin<Box<dyn Future<Output = usize> + Send>>;

/// What the two stages have in common.
pub trait Pool: Send + Sync + Sized + 'static {
    fn new(workers: usize) -> Self;
    fn spawn(&self, work: Work) -> JoinHandle<usize>;
    fn spawner(&self) -> impl Fn(Work) -> JoinHandle<usize> + Send + 'static;
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    /// From inside a task.
    fn spawn_here(work: Work) -> JoinHandle<usize>;
}

impl Pool for s5_pool::Executor {
    fn new(workers: usize) -> Self {
        s5_pool::Executor::new(workers)
    }

    fn spawn(&self, work: Work) -> JoinHandle<usize> {
        self.spawn(work)
    }

    fn spawner(&self) -> impl Fn(Work) -> JoinHandle<usize> + Send + 'static {
        let spawner = self.spawner();
        move |work| spawner.spawn(work)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn spawn_here(work: Work) -> JoinHandle<usize> {
        s5_pool::spawn(work)
    }
}

impl Pool for s6_stealing::Executor {
    fn new(workers: usize) -> Self {
        s6_stealing::Executor::new(workers)
    }

    fn spawn(&self, work: Work) -> JoinHandle<usize> {
        self.spawn(work)
    }

    fn spawner(&self) -> impl Fn(Work) -> JoinHandle<usize> + Send + 'static {
        let spawner = self.spawner();
        move |work| spawner.spawn(work)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }

    fn spawn_here(work: Work) -> JoinHandle<usize> {
        s6_stealing::spawn(work)
    }
}
