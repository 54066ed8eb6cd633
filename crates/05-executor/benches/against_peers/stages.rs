//! The stages behind the traits that every runtime is measured through. A stage that can neither
//! join its tasks nor start one from within another implements the first two. The lesson's contract
//! checks most stages through them, too.

use harness::{
    Handle,
    executor::{DroppedHandle, End, Nested, Output, Panics, Policies, Spawner},
};
use lesson_executor::{
    parts::task::{JoinError, JoinHandle},
    s1_spin, s2_block_on, s3_run_queue, s4_spawn, s5_pool, s6_stealing, s7_fast,
};
use peers::runtime::{Blocks, Spawns, Starts};

/// Stage 1.
pub struct Spin(s1_spin::Executor);

/// Stage 2.
pub struct BlockOn;

/// Stage 3.
pub struct RunQueue(s3_run_queue::Executor);

/// Stage 4.
pub struct Spawn(s4_spawn::Executor);

/// Stage 5, with so many workers.
pub struct Pool<const WORKERS: usize>(s5_pool::Executor);

/// Stage 6, with so many workers.
pub struct Stealing<const WORKERS: usize>(s6_stealing::Executor);

/// Stage 7.
pub struct Fast(s7_fast::Executor);

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

impl Blocks for RunQueue {
    const POLICIES: Policies = Policies { drops_before_join: None, dropped_handle: None, ..JOINS };

    fn new() -> Self {
        RunQueue(s3_run_queue::Executor::new())
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }
}

impl Starts for RunQueue {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Blocks for Spawn {
    const POLICIES: Policies = JOINS;

    fn new() -> Self {
        Spawn(s4_spawn::Executor::new())
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }
}

impl Starts for Spawn {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Spawns for Spawn {
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
        s4_spawn::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        s4_spawn::spawn(future);
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("nobody panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::local(move |work| drop(spawner.spawn(work))))
    }
}

impl<const WORKERS: usize> Blocks for Pool<WORKERS> {
    const POLICIES: Policies = Policies { fairness: None, ..JOINS };

    fn new() -> Self {
        Pool(s5_pool::Executor::new(WORKERS))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }

    fn threads() -> usize {
        WORKERS
    }
}

impl<const WORKERS: usize> Starts for Pool<WORKERS> {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl<const WORKERS: usize> Spawns for Pool<WORKERS> {
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
        s5_pool::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        s5_pool::spawn(future);
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("nobody panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::new(move |work| drop(spawner.spawn(work))))
    }
}

impl<const WORKERS: usize> Blocks for Stealing<WORKERS> {
    const POLICIES: Policies = Policies { fairness: None, ..JOINS };

    fn new() -> Self {
        Stealing(s6_stealing::Executor::new(WORKERS))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }

    fn threads() -> usize {
        WORKERS
    }
}

impl<const WORKERS: usize> Starts for Stealing<WORKERS> {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl<const WORKERS: usize> Spawns for Stealing<WORKERS> {
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
        s6_stealing::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        s6_stealing::spawn(future);
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("nobody panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::new(move |work| drop(spawner.spawn(work))))
    }
}

impl Blocks for Fast {
    const POLICIES: Policies = JOINS;

    fn new() -> Self {
        Fast(s7_fast::Executor::new())
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }
}

impl Starts for Fast {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Spawns for Fast {
    type Join<T: Send + 'static> = s7_fast::JoinHandle<T>;
    type Joined<T> = Result<T, JoinError>;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> s7_fast::JoinHandle<F::Output> {
        self.0.spawn(future)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F: Future<Output: Send + 'static> + Send + 'static>(
        _: &(),
        future: F,
    ) -> s7_fast::JoinHandle<F::Output> {
        s7_fast::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        s7_fast::spawn(future);
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("nobody panics")
    }

    fn handle(join: s7_fast::JoinHandle<Output>) -> Handle {
        handle_here(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::local(move |work| drop(spawner.spawn(work))))
    }
}

/// A join handle of most stages as the checks want it.
pub fn handle(join: JoinHandle<Output>) -> Handle {
    let task = join.abort_handle();
    Handle::new(end(join)).aborted_by(move || task.abort())
}

/// The same of stage 7, which stays on its thread.
pub fn handle_here(join: s7_fast::JoinHandle<Output>) -> Handle {
    let task = join.abort_handle();
    Handle::local(end(join)).aborted_by(move || task.abort())
}

async fn end(join: impl Future<Output = Result<Output, JoinError>>) -> End {
    match join.await {
        Ok(output) => End::Finished(output),
        Err(error) if error.is_panic() => End::Panicked,
        Err(_) => End::Cancelled,
    }
}
