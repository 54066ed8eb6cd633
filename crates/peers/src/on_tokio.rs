//! tokio: its current-thread and its multi-thread runtime, and the set of local tasks that runs on
//! the former.

use std::time::Duration;

use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, End, Job, LocalJob, Nested, Output, Panics, Policies, Spawner, Tested},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinError, JoinHandle, LocalSet},
};

use crate::runtime::{Blocks, Spawns, Starts};

/// How many workers the multi-thread runtime has.
const WORKERS: usize = 2;

/// A current-thread runtime.
pub struct CurrentThread(Runtime);

/// A multi-thread runtime.
pub struct MultiThread(Runtime);

/// Local tasks on a current-thread runtime. The set is dropped first.
pub struct Local(LocalSet, Runtime);

impl CurrentThread {
    /// A fresh one, with its timer.
    #[expect(clippy::new_without_default, reason = "it starts something")]
    pub fn new() -> Self {
        CurrentThread(built(&mut Builder::new_current_thread()))
    }
}

impl MultiThread {
    /// A fresh one, with its timer.
    #[expect(clippy::new_without_default, reason = "it starts threads")]
    pub fn new() -> Self {
        MultiThread(built(Builder::new_multi_thread().worker_threads(WORKERS)))
    }
}

impl Local {
    /// A fresh one, with its timer.
    #[expect(clippy::new_without_default, reason = "it starts something")]
    pub fn new() -> Self {
        Local(LocalSet::new(), built(&mut Builder::new_current_thread()))
    }
}

fn built(builder: &mut Builder) -> Runtime {
    builder.enable_time().build().expect("a process can have some threads more")
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

fn spawner(runtime: &Runtime) -> Spawner {
    let handle = runtime.handle().clone();
    Spawner::new(move |work| drop(handle.spawn(work)))
}

impl Executor for CurrentThread {
    fn spawn(&self, work: Work) {
        self.0.spawn(work);
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(handle(self.0.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(spawner(&self.0))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(sleep)
    }
}

impl Executor for MultiThread {
    fn spawn(&self, work: Work) {
        self.0.spawn(work);
    }

    fn run(&self) {}

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn threads(&self) -> usize {
        WORKERS
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(handle(self.0.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(spawner(&self.0))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(sleep)
    }
}

impl Executor for Local {
    fn spawn(&self, work: Work) {
        self.0.spawn_local(work);
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(&self.1, root);
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(handle(self.0.spawn_local(job)))
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

impl Blocks for CurrentThread {
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        CurrentThread::new()
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }
}

impl Starts for CurrentThread {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Spawns for CurrentThread {
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
        Some(spawner(&self.0))
    }
}

impl Blocks for MultiThread {
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        MultiThread::new()
    }

    fn threads() -> usize {
        WORKERS
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.block_on(root)
    }
}

impl Starts for MultiThread {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Spawns for MultiThread {
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
        Some(spawner(&self.0))
    }
}

/// What their documentation says of all three.
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
    vec![
        Subject::new("tokio-current-thread", Tested::executor(CurrentThread::new).policies(DECLARED)),
        Subject::new("tokio-multi-thread", Tested::executor(MultiThread::new).policies(DECLARED)),
        Subject::new("tokio-local-set", Tested::executor(Local::new).policies(DECLARED)),
    ]
}
