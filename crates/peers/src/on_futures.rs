//! futures: its pool on one thread, its pool of threads, and its `block_on`.

use std::cell::RefCell;

use futures::{
    executor::{LocalPool, LocalSpawner, ThreadPool, block_on},
    future::RemoteHandle,
    task::{LocalSpawnExt, SpawnExt},
};
use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, Job, LocalJob, Nested, Output, Panics, Policies, Spawner, Tested},
};

use crate::runtime::{Blocks, Spawns, Starts};

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
const THREAD: Policies = Policies { panics: None, owns_tasks: Some(false), ..LOCAL };

thread_local! {
    /// Of the last pool that was made on this thread: a task has to find it, and must be `Send`. It
    /// keeps no pool.
    static CURRENT: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

impl Blocks for OnLocalPool {
    const POLICIES: Policies = LOCAL;

    fn new() -> Self {
        let pool = LocalPool::new();
        CURRENT.set(Some(pool.spawner()));
        OnLocalPool(RefCell::new(pool))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.borrow_mut().run_until(root)
    }
}

impl Starts for OnLocalPool {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.borrow().spawner().spawn_local(future).expect(THERE);
    }
}

impl Spawns for OnLocalPool {
    type Join<T: Send + 'static> = RemoteHandle<T>;
    type Joined<T> = T;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> RemoteHandle<F::Output> {
        self.0.borrow().spawner().spawn_local_with_handle(future).expect(THERE)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F>(_: &(), future: F) -> RemoteHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        CURRENT.with_borrow(|current| current.as_ref().expect(THERE).spawn_local_with_handle(future).expect(THERE))
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        CURRENT.with_borrow(|current| current.as_ref().expect(THERE).spawn_local(future).expect(THERE));
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: RemoteHandle<Output>) -> Handle {
        Handle::new(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        Executor::spawner(self)
    }
}

const THERE: &str = "the pool is there";

impl Blocks for OnThreadPool {
    const POLICIES: Policies = THREAD;

    fn new() -> Self {
        OnThreadPool::new()
    }

    fn threads() -> usize {
        THREADS
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        block_on(root)
    }
}

impl Starts for OnThreadPool {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn_ok(future);
    }
}

impl Spawns for OnThreadPool {
    type Join<T: Send + 'static> = RemoteHandle<T>;
    type Joined<T> = T;
    type Within = ThreadPool;

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> RemoteHandle<F::Output> {
        self.0.spawn_with_handle(future).expect(THERE)
    }

    fn within(&self) -> ThreadPool {
        self.0.clone()
    }

    #[inline(never)]
    fn spawn_within<F>(within: &ThreadPool, future: F) -> RemoteHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        within.spawn_with_handle(future).expect(THERE)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(within: &ThreadPool, future: F) {
        within.spawn_ok(future);
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: RemoteHandle<Output>) -> Handle {
        Handle::new(join)
    }
}

/// Its `block_on` alone.
pub struct BlockOn;

impl Blocks for BlockOn {
    const POLICIES: Policies = LOCAL;

    fn new() -> Self {
        BlockOn
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        block_on(root)
    }
}

/// All three.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("futures-local-pool", Tested::executor(OnLocalPool::default).policies(LOCAL)),
        Subject::new("futures-thread-pool", Tested::executor(OnThreadPool::new).policies(THREAD)),
        Subject::new("futures-block-on", Tested::block_on(block_on).policies(LOCAL)),
    ]
}
