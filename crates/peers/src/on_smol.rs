//! smol: its global executor, which nobody ends, and its `block_on`.

use std::time::Duration;

use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, Nested, Output, Panics, Policies, Spawner, Tested},
};
use smol::{Task, Timer};

use crate::runtime::{Blocks, Spawns, Starts};

/// The global executor, on one thread unless `SMOL_THREADS` says otherwise.
#[derive(Debug)]
pub struct Global;

impl Executor for Global {
    fn spawn(&self, work: Work) {
        smol::spawn(work).detach();
    }

    fn run(&self) {}

    fn block_on(&self, root: Work) -> bool {
        smol::block_on(root);
        true
    }

    fn threads(&self) -> usize {
        1
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(smol::spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(Spawner::new(|work| smol::spawn(work).detach()))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(sleep)
    }
}

pub(crate) fn sleep(duration: Duration) -> Work {
    Box::pin(async move {
        Timer::after(duration).await;
    })
}

/// What async-executor, on which it stands, declares too.
/// What its `block_on` alone declares.
const BLOCKS: Policies = Policies { drops_before_join: None, panics: None, dropped_handle: None, ..DECLARED };

pub(crate) const DECLARED: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: Some(true),
    fairness: None,
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Cancels),
    owns_tasks: Some(true),
};

impl Blocks for Global {
    const GLOBAL: bool = true;
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        Global
    }

    fn threads() -> usize {
        1
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        smol::block_on(root)
    }
}

impl Starts for Global {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        smol::spawn(future).detach();
    }
}

impl Spawns for Global {
    type Join<T: Send + 'static> = Task<T>;
    type Joined<T> = T;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> Task<F::Output> {
        smol::spawn(future)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F: Future<Output: Send + 'static> + Send + 'static>(_: &(), future: F) -> Task<F::Output> {
        smol::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        smol::spawn(future).detach();
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: Task<Output>) -> Handle {
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
        smol::block_on(root)
    }
}

/// Both.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("smol", Tested::executor(|| Global).global().policies(DECLARED)),
        Subject::new("smol-block-on", Tested::block_on(smol::block_on).policies(BLOCKS)),
    ]
}
