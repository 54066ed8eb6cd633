//! futures: its pool on one thread, its pool of threads, and its `block_on` alone.

use std::cell::RefCell;

use futures::{
    executor::{LocalPool, LocalSpawner, ThreadPool, block_on},
    future::RemoteHandle,
    task::{LocalSpawnExt, SpawnExt},
};
use harness::{
    Handle, Subject,
    executor::{DroppedHandle, LocalJob, Nested, Output, Panics, Policies, Spawner, Tested},
};

use crate::runtime::{Blocks, Spawns, Starts, blocks, spawns};

/// The pool on one thread.
pub struct OnLocalPool(RefCell<LocalPool>);

thread_local! {
    /// The spawner of the last pool that this thread made, which does not keep that pool alive. A
    /// task finds it here: the task is `Send`, so it cannot hold it.
    static CURRENT: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

const POOL: &str = "the pool is not dropped";

impl Blocks for OnLocalPool {
    const POLICIES: Policies = Policies {
        nested: Some(Nested::Panics),
        drops_before_join: None,
        fairness: None,
        panics: Some(Panics::Propagated),
        dropped_handle: Some(DroppedHandle::Cancels),
        owns_tasks: Some(true),
    };

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
        self.0.borrow().spawner().spawn_local(future).expect(POOL);
    }

    fn run_until_stalled(&self) -> bool {
        self.0.borrow_mut().run_until_stalled();
        true
    }
}

impl Spawns for OnLocalPool {
    type Join<T: Send + 'static> = RemoteHandle<T>;
    type Joined<T> = T;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> RemoteHandle<F::Output> {
        self.0.borrow().spawner().spawn_local_with_handle(future).expect(POOL)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F>(_: &(), future: F) -> RemoteHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        CURRENT.with_borrow(|current| current.as_ref().expect(POOL).spawn_local_with_handle(future).expect(POOL))
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        CURRENT.with_borrow(|current| current.as_ref().expect(POOL).spawn_local(future).expect(POOL));
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: RemoteHandle<Output>) -> Handle {
        Handle::new(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.borrow().spawner();
        // Once the pool is dropped, spawning is an error, which drops the task.
        Some(Spawner::local(move |work| drop(spawner.spawn_local(work))))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        let handle = self.0.borrow().spawner().spawn_local_with_handle(job);
        Some(Handle::new(handle.expect(POOL)))
    }
}

/// How many threads the pool of threads has.
const THREADS: usize = 2;

/// The pool of threads. A clone of it keeps it running, so no task can come after its end, and it
/// has no spawner for the checks.
pub struct OnThreadPool(ThreadPool);

impl Blocks for OnThreadPool {
    /// The documentation does not say what a panic does, nor what dropping the pool does to its
    /// tasks.
    const POLICIES: Policies = Policies { panics: None, owns_tasks: Some(false), ..OnLocalPool::POLICIES };

    fn new() -> Self {
        let pool = ThreadPool::builder().pool_size(THREADS).create();
        OnThreadPool(pool.expect("a process may start a few more threads"))
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
        self.0.spawn_with_handle(future).expect(POOL)
    }

    fn within(&self) -> ThreadPool {
        self.0.clone()
    }

    #[inline(never)]
    fn spawn_within<F>(within: &ThreadPool, future: F) -> RemoteHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        within.spawn_with_handle(future).expect(POOL)
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

/// `block_on` alone.
pub struct BlockOn;

impl Blocks for BlockOn {
    const POLICIES: Policies = OnLocalPool::POLICIES;

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
        Subject::new("futures-local-pool", spawns::<OnLocalPool>()),
        Subject::new("futures-thread-pool", spawns::<OnThreadPool>()),
        Subject::new("futures-block-on", blocks::<BlockOn>()),
    ]
}
