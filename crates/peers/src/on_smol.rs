//! smol: its global executor, which nobody ends, and its `block_on`.

use std::time::Duration;

use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, Nested, Panics, Policies, Spawner, Tested},
};
use smol::Timer;

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
pub(crate) const DECLARED: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: Some(true),
    fairness: None,
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Cancels),
    owns_tasks: Some(true),
};

/// Both.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("smol", Tested::executor(|| Global).global().policies(DECLARED)),
        Subject::new("smol-block-on", Tested::block_on(smol::block_on).policies(DECLARED)),
    ]
}
