//! The stages behind the traits that every runtime is measured through, and that the lesson's
//! contract checks the stages through. A stage that can neither join its tasks nor start one from
//! within another implements the first two.

use harness::{
    Handle,
    executor::{DroppedHandle, End, LocalJob, Nested, Output, Panics, Policies, Spawner},
};
use lesson_executor::{
    parts::{
        driver::{Driver, Parking},
        task::{JoinError, JoinHandle},
    },
    s1_spin, s2_block_on, s3_run_queue, s4_spawn, s5_pool, s6_stealing, s7_fast,
};
use peers::runtime::{Blocks, Spawns, Starts};

#[path = "../../tests/common/one_thread.rs"]
#[allow(unused_macros, reason = "the one for tests is for tests")]
pub mod one_thread;
#[path = "../../tests/common/pools.rs"]
pub mod pools;

use one_thread::{Handle as _, Stage};

/// Stage 1.
pub struct Spin(s1_spin::Executor);

/// Stage 2.
pub struct BlockOn;

/// Stage 3.
pub struct RunQueue<D = Parking>(pub s3_run_queue::Executor<D>);

/// A stage on one thread whose tasks have handles.
pub struct OneThread<S>(pub S);

/// Stage 4.
pub type Spawn = OneThread<s4_spawn::Executor>;

/// Stage 7.
pub type Fast = OneThread<s7_fast::Executor>;

/// A stage on a pool of so many workers.
pub struct Workers<P, const WORKERS: usize>(P);

/// Stage 5.
pub type Pool<const WORKERS: usize> = Workers<s5_pool::Executor, WORKERS>;

/// Stage 6.
pub type Stealing<const WORKERS: usize> = Workers<s6_stealing::Executor, WORKERS>;

/// What stage 2 declares of itself.
pub const BLOCKS: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: None,
    fairness: None,
    panics: Some(Panics::Propagated),
    dropped_handle: None,
    owns_tasks: None,
};

/// What those with join handles declare.
pub const JOINS: Policies = Policies {
    nested: Some(Nested::Panics),
    drops_before_join: Some(true),
    fairness: Some(8),
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: Some(true),
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

impl<D: Driver + Default + 'static> Blocks for RunQueue<D> {
    const POLICIES: Policies = Policies { drops_before_join: None, dropped_handle: None, ..JOINS };

    fn new() -> Self {
        RunQueue(s3_run_queue::Executor::with_driver(D::default()))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }

    fn run(&self) {
        self.0.run_until_stalled();
    }
}

impl<D: Driver + Default + 'static> Starts for RunQueue<D> {
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
        joined.expect("nobody panics")
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
        joined.expect("nobody panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::new(move |work| drop(P::spawn_on(&spawner, work))))
    }
}

/// A stage on one thread, with its join handle as the checks want it.
pub trait Joins: Stage {
    fn joins(handle: Self::Handle<Output>) -> Handle;
}

impl<D: Driver + Default + 'static> Joins for s4_spawn::Executor<D> {
    fn joins(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }
}

/// It stays on its thread.
impl<D: Driver + Default + 'static> Joins for s7_fast::Executor<D> {
    fn joins(join: s7_fast::JoinHandle<Output>) -> Handle {
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
        Err(error) if error.is_panic() => End::Panicked,
        Err(_) => End::Cancelled,
    }
}
