//! monoio: its runtime for one thread, on the driver that it finds (io_uring or epoll), with its
//! timer, and with the feature `sync`, without which its wakers may not leave their thread.

use std::{cell::RefCell, time::Duration};

use futures::future::lazy;
use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, LocalJob, Nested, Output, Panics, Policies, Spawner, Tested},
};
use monoio::{FusionDriver, FusionRuntime, RuntimeBuilder, task::JoinHandle, time::TimeDriver};

use crate::runtime::{Blocks, Spawns, Starts};

type Runtime = FusionRuntime<TimeDriver<monoio::IoUringDriver>, TimeDriver<monoio::LegacyDriver>>;

/// A runtime.
pub struct OneThread(RefCell<Runtime>);

impl OneThread {
    /// A fresh one.
    #[expect(clippy::new_without_default, reason = "it opens files")]
    pub fn new() -> Self {
        let built = RuntimeBuilder::<FusionDriver>::new().enable_timer().build();
        OneThread(RefCell::new(built.expect("a process can have some files more")))
    }

    /// Tasks are started inside of the runtime only.
    fn start(&self, job: LocalJob) -> JoinHandle<Output> {
        self.0.borrow_mut().block_on(lazy(|_| monoio::spawn(job)))
    }
}

impl Executor for OneThread {
    fn spawn(&self, work: Work) {
        self.0.borrow_mut().block_on(lazy(|_| drop(monoio::spawn(work))));
    }

    /// What other threads have woken is looked at when there is nothing to poll, so there must be
    /// nothing for a moment.
    fn run(&self) {
        self.0.borrow_mut().block_on(async { monoio::time::sleep(Duration::from_millis(1)).await });
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.borrow_mut().block_on(root);
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::local(self.start(job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(Handle::local(self.start(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(Spawner::local(|work| drop(monoio::spawn(work))))
    }
}

impl Blocks for OneThread {
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        OneThread::new()
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.borrow_mut().block_on(root)
    }

    fn run(&self) {
        Executor::run(self);
    }
}

impl Starts for OneThread {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.borrow_mut().block_on(lazy(|_| drop(monoio::spawn(future))));
    }
}

impl Spawns for OneThread {
    const FROM_OUTSIDE: bool = false;

    type Join<T: Send + 'static> = JoinHandle<T>;
    type Joined<T> = T;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.borrow_mut().block_on(lazy(|_| monoio::spawn(future)))
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F>(_: &(), future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        monoio::spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        drop(monoio::spawn(future));
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: JoinHandle<Output>) -> Handle {
        Handle::local(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        Executor::spawner(self)
    }
}

const DECLARED: Policies = Policies {
    nested: Some(Nested::Panics),
    drops_before_join: Some(true),
    fairness: None,
    panics: Some(Panics::Propagated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: Some(false),
};

/// The one.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![Subject::new("monoio", Tested::executor(OneThread::new).policies(DECLARED))]
}
