//! The stages of this lesson behind the traits of `peers::runtime`. The contract checks the stages
//! through these adapters, and the bench measures them through the same.
#![allow(dead_code, reason = "each program uses a part of it")]

use harness::{
    Handle,
    executor::{DroppedHandle, End, LocalJob, Nested, Output, Panics, Policies, Spawner},
};
use lesson_executor::parts::{driver::Driver, join::JoinError};
use lesson_fast_executor::{parts::task::JoinHandle, s1_one_allocation, s2_pool, s3_stealing, s4_no_atomics};
use peers::runtime::{Blocks, Spawns, Starts};

#[path = "one_thread.rs"]
#[allow(unused_macros, reason = "the macro is for tests")]
pub mod one_thread;
#[path = "pools.rs"]
pub mod pools;

use one_thread::{Handle as _, Stage};

/// A stage on one thread.
pub struct OneThread<S>(pub S);

/// Stage 1.
pub type OneAllocation = OneThread<s1_one_allocation::Executor>;

/// Stage 4.
pub type NoAtomics = OneThread<s4_no_atomics::Executor>;

/// A stage on a pool of this many workers.
pub struct Workers<P, const WORKERS: usize>(P);

/// Stage 2.
pub type OneQueue<const WORKERS: usize> = Workers<s2_pool::Executor, WORKERS>;

/// Stage 3.
pub type Stealing<const WORKERS: usize> = Workers<s3_stealing::Executor, WORKERS>;

/// What all stages declare.
pub const JOINS: Policies = Policies {
    nested: Some(Nested::Panics),
    drops_before_join: Some(true),
    fairness: Some(8),
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: Some(true),
};

impl<S: Joins> Blocks for OneThread<S> {
    const POLICIES: Policies = JOINS;

    fn new() -> Self {
        OneThread(S::new())
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }

    fn run(&self) {
        self.0.run_until_stalled();
    }
}

impl<S: Joins> Starts for OneThread<S> {
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

impl<S: Joins> Spawns for OneThread<S> {
    type Join<T: Send + 'static> = S::Handle<T>;
    type Joined<T> = Result<T, JoinError>;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> S::Handle<F::Output> {
        self.0.spawn(future)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F: Future<Output: Send + 'static> + Send + 'static>(_: &(), future: F) -> S::Handle<F::Output> {
        S::spawn_here(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        drop(S::spawn_here(future));
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("no task of a load panics")
    }

    fn handle(join: S::Handle<Output>) -> Handle {
        S::joins(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::local(move |work| drop(S::spawn_on(&spawner, work))))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(S::joins(self.0.spawn(job)))
    }
}

impl<P: pools::Pool, const WORKERS: usize> Blocks for Workers<P, WORKERS> {
    const POLICIES: Policies = Policies { fairness: None, ..JOINS };

    fn new() -> Self {
        Workers(P::new(WORKERS))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }

    fn threads() -> usize {
        WORKERS
    }
}

impl<P: pools::Pool, const WORKERS: usize> Starts for Workers<P, WORKERS> {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        drop(self.0.spawn(future));
    }
}

impl<P: pools::Pool, const WORKERS: usize> Spawns for Workers<P, WORKERS> {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Joined<T> = Result<T, JoinError>;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F: Future<Output: Send + 'static> + Send + 'static>(_: &(), future: F) -> JoinHandle<F::Output> {
        P::spawn_here(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        drop(P::spawn_here(future));
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("no task of a load panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::new(move |work| drop(P::spawn_on(&spawner, work))))
    }
}

/// A stage on one thread, whose join handle becomes a handle for the checks.
pub trait Joins: Stage {
    fn joins(handle: Self::Handle<Output>) -> Handle;
}

impl<D: Driver + Default + 'static> Joins for s1_one_allocation::Executor<D> {
    fn joins(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }
}

/// This join handle stays on its thread.
impl<D: Driver + Default + 'static> Joins for s4_no_atomics::Executor<D> {
    fn joins(join: s4_no_atomics::JoinHandle<Output>) -> Handle {
        let aborts = join.aborts();
        Handle::local(end(join)).aborted_by(aborts)
    }
}

fn handle(join: JoinHandle<Output>) -> Handle {
    let aborts = join.aborts();
    Handle::new(end(join)).aborted_by(aborts)
}

async fn end(join: impl Future<Output = Result<Output, JoinError>>) -> End {
    match join.await {
        Ok(output) => End::Finished(output),
        Err(JoinError::Panicked(_)) => End::Panicked,
        Err(JoinError::Cancelled) => End::Cancelled,
    }
}
