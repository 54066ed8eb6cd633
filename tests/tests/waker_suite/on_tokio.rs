//! The wakers of tokio's schedulers, of a `LocalSet`, and of the one future that `block_on` drives.

use harness::{Executor, Subject, Work, turns, waker::Tested};
use tokio::{
    runtime::{Builder, Runtime},
    task::LocalSet,
};

/// So many turns let many tasks be polled.
const TURNS: usize = 64;

fn joined(handle: tokio::task::JoinHandle<()>) -> Work {
    Box::pin(async move {
        let _ = handle.await;
    })
}

struct CurrentThread(Runtime);

impl Executor for CurrentThread {
    fn spawn(&self, work: Work) {
        self.0.spawn(work);
    }

    fn run(&self) {
        self.0.block_on(turns(TURNS));
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(joined(self.0.spawn(work)))
    }
}

struct MultiThread(Runtime);

impl Executor for MultiThread {
    fn spawn(&self, work: Work) {
        self.0.spawn(work);
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(joined(self.0.spawn(work)))
    }
}

/// The set is dropped first.
struct Local(LocalSet, Runtime);

impl Executor for Local {
    fn spawn(&self, work: Work) {
        self.0.spawn_local(work);
    }

    fn run(&self) {
        self.0.block_on(&self.1, turns(TURNS));
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(joined(self.0.spawn_local(work)))
    }
}

fn built(mut builder: Builder) -> Runtime {
    builder.build().expect("a process can have some threads more")
}

fn current_thread() -> Runtime {
    built(Builder::new_current_thread())
}

fn multi_thread() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2);
    built(builder)
}

pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("tokio-current-thread", Tested::executor(|| CurrentThread(current_thread()))),
        Subject::new("tokio-multi-thread", Tested::executor(|| MultiThread(multi_thread()))),
        Subject::new("tokio-local-set", Tested::executor(|| Local(LocalSet::new(), current_thread()))),
        Subject::new("tokio-block-on", Tested::block_on(|work| current_thread().block_on(work))),
    ]
}
