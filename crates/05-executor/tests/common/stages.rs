//! The stages of lesson 5 behind the traits of `peers::runtime`. The contract checks the stages
//! through these adapters, and lesson 6 measures them through the same.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use harness::{
    Handle,
    executor::{DroppedHandle, End, Nested, Output, Panics, Policies, Spawner},
};
use lesson_executor::{
    parts::{
        driver::{Driver, Parking},
        join::{JoinError, JoinHandle},
    },
    s1_spin, s2_block_on, s3_queue, s4_join, s5_pool,
};
use peers::runtime::{Blocks, Spawns, Starts};

/// Stage 1.
pub struct Spin(s1_spin::Executor);

/// Stage 2.
pub struct BlockOn;

/// Stage 3.
pub struct Queue<D = Parking>(pub s3_queue::Executor<D>);

/// Stage 4.
pub struct Join<D = Parking>(pub s4_join::Executor<D>);

/// Stage 5, with this many workers.
pub struct Pool<const WORKERS: usize>(s5_pool::Pool);

/// What stage 2 declares.
pub const BLOCKS: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: None,
    fairness: None,
    panics: Some(Panics::Propagated),
    dropped_handle: None,
    owns_tasks: None,
};

/// What the stages with join handles declare.
pub const JOINS: Policies = Policies {
    drops_before_join: Some(true),
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: Some(true),
    ..BLOCKS
};

impl Blocks for Spin {
    const POLICIES: Policies = Policies { fairness: Some(8), owns_tasks: Some(true), ..BLOCKS };

    fn new() -> Self {
        Spin(s1_spin::Executor::new())
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }
}

impl Starts for Spin {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Blocks for BlockOn {
    const POLICIES: Policies = BLOCKS;

    fn new() -> Self {
        BlockOn
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        s2_block_on::block_on(root)
    }
}

impl<D: Driver + Default + 'static> Blocks for Queue<D> {
    const POLICIES: Policies = Policies { fairness: Some(8), owns_tasks: Some(false), ..BLOCKS };

    fn new() -> Self {
        Queue(s3_queue::Executor::with_driver(D::default()))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }

    fn run(&self) {
        self.0.run_until_stalled();
    }
}

impl<D: Driver + Default + 'static> Starts for Queue<D> {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled();
        true
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.queue_len())
    }
}

impl<D: Driver + Default + 'static> Blocks for Join<D> {
    const POLICIES: Policies = Policies { fairness: Some(8), ..JOINS };

    fn new() -> Self {
        Join(s4_join::Executor::with_driver(D::default()))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }

    fn run(&self) {
        self.0.run_until_stalled();
    }
}

impl<D: Driver + Default + 'static> Starts for Join<D> {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        drop(self.0.spawn(future));
    }

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled();
        true
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.queue_len())
    }
}

impl<D: Driver + Default + 'static> Spawns for Join<D> {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Joined<T> = Result<T, JoinError>;
    type Within = s4_join::Spawner;

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future)
    }

    fn within(&self) -> Self::Within {
        self.0.spawner()
    }

    #[inline(never)]
    fn spawn_within<F>(within: &Self::Within, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        within.spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(within: &Self::Within, future: F) {
        drop(within.spawn(future));
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("no task of a load panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::new(move |work| drop(spawner.spawn(work))))
    }
}

impl<const WORKERS: usize> Blocks for Pool<WORKERS> {
    const POLICIES: Policies = JOINS;

    fn new() -> Self {
        Pool(s5_pool::Pool::new(WORKERS))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        s2_block_on::block_on(root)
    }

    fn threads() -> usize {
        WORKERS
    }
}

impl<const WORKERS: usize> Starts for Pool<WORKERS> {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        drop(self.0.spawn(future));
    }
}

impl<const WORKERS: usize> Spawns for Pool<WORKERS> {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Joined<T> = Result<T, JoinError>;
    type Within = s5_pool::Spawner;

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future)
    }

    fn within(&self) -> Self::Within {
        self.0.spawner()
    }

    #[inline(never)]
    fn spawn_within<F>(within: &Self::Within, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        within.spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(within: &Self::Within, future: F) {
        drop(within.spawn(future));
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("no task of a load panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::new(move |work| drop(spawner.spawn(work))))
    }
}

/// A join handle for the checks. The future that awaits it and the function that aborts share it.
fn handle(join: JoinHandle<Output>) -> Handle {
    let join = Arc::new(Mutex::new(join));
    let aborting = Arc::clone(&join);
    let end = poll_fn(move |cx| {
        let mut join = join.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *join).poll(cx).map(|result| match result {
            Ok(output) => End::Finished(output),
            Err(JoinError::Panicked(_)) => End::Panicked,
            Err(JoinError::Cancelled) => End::Cancelled,
        })
    });
    Handle::new(end).aborted_by(move || aborting.lock().unwrap_or_else(PoisonError::into_inner).abort())
}
