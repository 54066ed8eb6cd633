//! tokio: its current-thread and its multi-thread runtime, and a set of local tasks on the former.

use std::time::Duration;

use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, End, Job, LocalJob, Nested, Output, Panics, Policies, Spawner, Tested},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinError, JoinHandle, LocalSet},
};

use crate::runtime::{Blocks, Spawns, Starts, spawns};

/// The multi-thread runtime with `WORKERS` workers, or the current-thread runtime if that is 0.
pub struct OnTokio<const WORKERS: usize>(Runtime);

/// The current-thread runtime.
pub type CurrentThread = OnTokio<0>;

/// The multi-thread runtime.
pub type MultiThread = OnTokio<2>;

impl<const WORKERS: usize> Blocks for OnTokio<WORKERS> {
    const POLICIES: Policies = DECLARED;
    const TIMER: Option<fn(Duration) -> Work> = Some(sleep);

    fn new() -> Self {
        OnTokio(match WORKERS {
            0 => built(&mut Builder::new_current_thread()),
            _ => built(Builder::new_multi_thread().worker_threads(WORKERS)),
        })
    }

    fn threads() -> usize {
        WORKERS
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }
}

impl<const WORKERS: usize> Starts for OnTokio<WORKERS> {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl<const WORKERS: usize> Spawns for OnTokio<WORKERS> {
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
        tokio::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        tokio::spawn(future);
    }

    fn value<T>(joined: Self::Joined<T>) -> T {
        joined.expect("nobody panics")
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        handle(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let runtime = self.0.handle().clone();
        Some(Spawner::new(move |work| drop(runtime.spawn(work))))
    }
}

/// A set of local tasks on a current-thread runtime. No bench measures it. The set is dropped
/// first.
struct OnLocalSet(LocalSet, Runtime);

impl Executor for OnLocalSet {
    fn spawn(&self, work: Work) {
        self.0.spawn_local(work);
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(&self.1, root);
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        self.spawn_local(job)
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(handle(self.0.spawn_local(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(Spawner::local(|work| drop(tokio::task::spawn_local(work))))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(sleep)
    }
}

fn built(builder: &mut Builder) -> Runtime {
    builder.enable_time().build().expect("a process may start a few more threads")
}

fn handle(handle: JoinHandle<Output>) -> Handle {
    let task = handle.abort_handle();
    let joined = async {
        match handle.await {
            Ok(output) => End::Finished(output),
            Err(error) if error.is_panic() => End::Panicked,
            Err(_) => End::Cancelled,
        }
    };
    Handle::new(joined).aborted_by(move || task.abort())
}

fn sleep(duration: Duration) -> Work {
    Box::pin(tokio::time::sleep(duration))
}

/// What tokio's documentation says of all three.
const DECLARED: Policies = Policies {
    nested: Some(Nested::Panics),
    drops_before_join: Some(true),
    fairness: None,
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: Some(true),
};

/// All three.
pub fn subjects() -> Vec<Subject<Tested>> {
    let local_set = || OnLocalSet(LocalSet::new(), built(&mut Builder::new_current_thread()));
    vec![
        Subject::new("tokio-current-thread", spawns::<CurrentThread>()),
        Subject::new("tokio-multi-thread", spawns::<MultiThread>()),
        Subject::new("tokio-local-set", Tested::executor(local_set).policies(DECLARED)),
    ]
}
