//! async-std: its global executor, which nobody ends, and its `block_on`.

use std::{thread::available_parallelism, time::Duration};

use async_std::task::{self, JoinHandle};
use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, Nested, Output, Panics, Policies, Spawner, Tested},
};

use crate::runtime::{Blocks, Spawns, Starts};

/// The global executor.
#[derive(Debug)]
pub struct Global;

impl Executor for Global {
    fn spawn(&self, work: Work) {
        task::spawn(work);
    }

    fn run(&self) {}

    fn block_on(&self, root: Work) -> bool {
        task::block_on(root);
        true
    }

    fn threads(&self) -> usize {
        available_parallelism().map_or(1, usize::from)
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(task::spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(Spawner::new(|work| drop(task::spawn(work))))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(|duration| Box::pin(task::sleep(duration)))
    }
}

/// What its `block_on` alone declares.
const BLOCKS: Policies = Policies { drops_before_join: None, panics: None, dropped_handle: None, ..DECLARED };

const DECLARED: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: Some(true),
    fairness: None,
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: None,
};

impl Blocks for Global {
    const GLOBAL: bool = true;
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        Global
    }

    fn threads() -> usize {
        available_parallelism().map_or(1, usize::from)
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        task::block_on(root)
    }
}

impl Starts for Global {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        task::spawn(future);
    }
}

impl Spawns for Global {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type Joined<T> = T;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        task::spawn(future)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F: Future<Output: Send + 'static> + Send + 'static>(_: &(), future: F) -> JoinHandle<F::Output> {
        task::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        task::spawn(future);
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        Handle::new(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        Executor::spawner(self)
    }
}

/// Its `block_on` alone.
pub struct BlockOn;

impl Blocks for BlockOn {
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        BlockOn
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        task::block_on(root)
    }
}

/// Both.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("async-std", Tested::executor(|| Global).global().policies(DECLARED)),
        Subject::new("async-std-block-on", Tested::block_on(task::block_on).policies(BLOCKS)),
    ]
}
