//! async-std: its global executor, which lives as long as the process, and its `block_on` alone.

use std::{thread::available_parallelism, time::Duration};

use async_std::task::{self, JoinHandle};
use harness::{
    Handle, Subject, Work,
    executor::{DroppedHandle, Nested, Output, Panics, Policies, Spawner, Tested},
};

use crate::runtime::{Blocks, Spawns, Starts, blocks, spawns};

/// The global executor.
pub struct Global;

impl Blocks for Global {
    const GLOBAL: bool = true;
    const POLICIES: Policies = Policies {
        nested: Some(Nested::Works),
        drops_before_join: Some(true),
        fairness: None,
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Detaches),
        owns_tasks: None,
    };
    const TIMER: Option<fn(Duration) -> Work> = Some(|duration| Box::pin(task::sleep(duration)));

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
        Some(Spawner::new(|work| drop(task::spawn(work))))
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
        task::block_on(root)
    }
}

/// Both.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![Subject::new("async-std", spawns::<Global>()), Subject::new("async-std-block-on", blocks::<BlockOn>())]
}
