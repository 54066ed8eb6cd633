//! futures: its pool on one thread, its pool of threads, and its `block_on`.

use std::cell::RefCell;

use futures::{
    executor::{LocalPool, ThreadPool, block_on},
    task::{LocalSpawnExt, SpawnExt},
};
use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, LocalJob, Nested, Panics, Policies, Spawner, Tested},
};

/// The pool on one thread.
#[derive(Default)]
pub struct OnLocalPool(RefCell<LocalPool>);

impl Executor for OnLocalPool {
    fn spawn(&self, work: Work) {
        self.0.borrow().spawner().spawn_local(work).expect("the pool is there");
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.borrow_mut().run_until(root);
        true
    }

    fn run_until_stalled(&self) -> bool {
        self.0.borrow_mut().run_until_stalled();
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        let handle = self.0.borrow().spawner().spawn_local_with_handle(job);
        Some(Handle::new(handle.expect("the pool is there")))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        let handle = self.0.borrow().spawner().spawn_local_with_handle(job);
        Some(Handle::new(handle.expect("the pool is there")))
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.borrow().spawner();
        // If the pool is gone, that is an error.
        Some(Spawner::local(move |work| drop(spawner.spawn_local(work))))
    }
}

/// How many threads the pool of threads has.
const THREADS: usize = 2;

/// The pool of threads.
pub struct OnThreadPool(ThreadPool);

impl OnThreadPool {
    /// A fresh one.
    #[expect(clippy::new_without_default, reason = "it starts threads")]
    pub fn new() -> Self {
        OnThreadPool(ThreadPool::builder().pool_size(THREADS).create().expect("a process can have some threads more"))
    }
}

/// A clone of the pool keeps it going, so that nothing can come too late: there is no spawner.
impl Executor for OnThreadPool {
    fn spawn(&self, work: Work) {
        self.0.spawn_ok(work);
    }

    fn run(&self) {}

    fn block_on(&self, root: Work) -> bool {
        block_on(root);
        true
    }

    fn threads(&self) -> usize {
        THREADS
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(self.0.spawn_with_handle(job).expect("the pool is there")))
    }
}

const LOCAL: Policies = Policies {
    nested: Some(Nested::Panics),
    drops_before_join: None,
    fairness: None,
    panics: Some(Panics::Propagated),
    dropped_handle: Some(DroppedHandle::Cancels),
    owns_tasks: Some(true),
};

/// Nothing is said of what a panic does, nor of what becomes of its tasks when it is dropped.
const THREAD: Policies = Policies { panics: None, owns_tasks: None, ..LOCAL };

/// All three.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("futures-local-pool", Tested::executor(OnLocalPool::default).policies(LOCAL)),
        Subject::new("futures-thread-pool", Tested::executor(OnThreadPool::new).policies(THREAD)),
        Subject::new("futures-block-on", Tested::block_on(block_on).policies(LOCAL)),
    ]
}
