//! monoio: its runtime for one thread, on the driver that it finds (io_uring or epoll), with its timer, and with the feature
//! `sync`, without which its wakers may not leave their thread.

use std::{cell::RefCell, time::Duration};

use futures::future::lazy;
use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, LocalJob, Output, Panics, Policies, Spawner, Tested},
};
use monoio::{FusionDriver, FusionRuntime, RuntimeBuilder, task::JoinHandle, time::TimeDriver};

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

    /// What other threads have woken is looked at when there is nothing to poll, so there must be nothing for a moment.
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

/// The one.
pub fn subjects() -> Vec<Subject<Tested>> {
    let declared = Policies {
        nested: None,
        drops_before_join: Some(true),
        fairness: None,
        panics: Some(Panics::Propagated),
        dropped_handle: Some(DroppedHandle::Detaches),
        owns_tasks: None,
    };
    vec![Subject::new("monoio", Tested::executor(OneThread::new).policies(declared))]
}
