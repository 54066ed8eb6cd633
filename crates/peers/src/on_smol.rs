//! smol: its global executor, which lives as long as the process, and its `block_on` alone.

use std::time::Duration;

use harness::{
    Handle, Subject, Work,
    executor::{DroppedHandle, Nested, Output, Panics, Policies, Spawner, Tested},
};
use smol::{Task, Timer};

use crate::runtime::{Blocks, Spawns, Starts, blocks, spawns};

/// The global executor. It has one thread unless `SMOL_THREADS` says otherwise.
pub struct Global;

pub(crate) fn sleep(duration: Duration) -> Work {
    Box::pin(async move {
        Timer::after(duration).await;
    })
}

impl Blocks for Global {
    const GLOBAL: bool = true;
    const POLICIES: Policies = Policies {
        nested: Some(Nested::Works),
        drops_before_join: Some(true),
        fairness: None,
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Cancels),
        owns_tasks: Some(true),
    };
    const TIMER: Option<fn(Duration) -> Work> = Some(sleep);

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
        Some(Spawner::new(|work| smol::spawn(work).detach()))
    }
}

/// `block_on` alone.
pub struct BlockOn;

impl Blocks for BlockOn {
    const POLICIES: Policies =
        Policies { drops_before_join: None, panics: None, dropped_handle: None, ..Global::POLICIES };

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
    vec![Subject::new("smol", spawns::<Global>()), Subject::new("smol-block-on", blocks::<BlockOn>())]
}
