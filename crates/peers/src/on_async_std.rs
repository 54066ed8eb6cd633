//! async-std: its global executor, which nobody ends, and its `block_on`.

use std::{thread::available_parallelism, time::Duration};

use async_std::task;
use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, Nested, Panics, Policies, Spawner, Tested},
};

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

const DECLARED: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: Some(true),
    fairness: None,
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: None,
};

/// Both.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("async-std", Tested::executor(|| Global).global().policies(DECLARED)),
        Subject::new("async-std-block-on", Tested::block_on(task::block_on).policies(DECLARED)),
    ]
}
