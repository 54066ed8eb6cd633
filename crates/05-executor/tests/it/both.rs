//! One trait for the two stages with join handles, so that a test is written once.

use std::future::Future;

use lesson_executor::{parts::join::JoinHandle, s2_block_on, s4_join, s5_pool};

/// What the two stages have in common.
pub trait Stage: Sized {
    type Spawner: Clone + Send + 'static;

    fn new() -> Self;
    fn spawner(&self) -> Self::Spawner;
    fn spawn_on<F: Future<Output: Send> + Send + 'static>(spawner: &Self::Spawner, future: F) -> JoinHandle<F::Output>;
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        Self::spawn_on(&self.spawner(), future)
    }
}

impl Stage for s4_join::Executor {
    type Spawner = s4_join::Spawner;

    fn new() -> Self {
        s4_join::Executor::new()
    }

    fn spawner(&self) -> s4_join::Spawner {
        self.spawner()
    }

    fn spawn_on<F: Future<Output: Send> + Send + 'static>(on: &s4_join::Spawner, future: F) -> JoinHandle<F::Output> {
        on.spawn(future)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }
}

impl Stage for s5_pool::Pool {
    type Spawner = s5_pool::Spawner;

    fn new() -> Self {
        s5_pool::Pool::new(2)
    }

    fn spawner(&self) -> s5_pool::Spawner {
        self.spawner()
    }

    fn spawn_on<F: Future<Output: Send> + Send + 'static>(on: &s5_pool::Spawner, future: F) -> JoinHandle<F::Output> {
        on.spawn(future)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        s2_block_on::block_on(future)
    }
}

/// The same tests on both stages.
macro_rules! on_both {
    ($($(#[$how:meta])* $test:ident)*) => {
        mod on_one_thread {
            $(#[test] $(#[$how])* fn $test() { super::$test::<lesson_executor::s4_join::Executor>(); })*
        }
        mod on_a_pool {
            $(#[test] $(#[$how])* fn $test() { super::$test::<lesson_executor::s5_pool::Pool>(); })*
        }
    };
}
