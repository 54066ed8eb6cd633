//! monoio: its runtime for one thread, with its timer, on io_uring or epoll. Its feature `sync`
//! lets other threads wake its tasks.

use std::{cell::RefCell, time::Duration};

use futures::future::lazy;
use harness::{
    Handle, Subject,
    executor::{DroppedHandle, LocalJob, Nested, Output, Panics, Policies, Spawner, Tested},
};
use monoio::{FusionDriver, FusionRuntime, RuntimeBuilder, task::JoinHandle, time::TimeDriver};

use crate::runtime::{Blocks, Spawns, Starts, spawns};

type Runtime = FusionRuntime<TimeDriver<monoio::IoUringDriver>, TimeDriver<monoio::LegacyDriver>>;

/// A runtime. Tasks can be started only inside it.
pub struct OneThread(RefCell<Runtime>);

impl Blocks for OneThread {
    const POLICIES: Policies = Policies {
        nested: Some(Nested::Panics),
        drops_before_join: Some(true),
        fairness: None,
        panics: Some(Panics::Propagated),
        dropped_handle: Some(DroppedHandle::Detaches),
        owns_tasks: Some(false),
    };

    fn new() -> Self {
        let built = RuntimeBuilder::<FusionDriver>::new().enable_timer().build();
        OneThread(RefCell::new(built.expect("a process may open a few more files")))
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        self.0.borrow_mut().block_on(root)
    }

    /// The runtime looks for wakes from other threads only when it has nothing to poll. So this
    /// leaves it nothing for a moment.
    fn run(&self) {
        self.block_on(async { monoio::time::sleep(Duration::from_millis(1)).await });
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
        Some(Spawner::local(|work| drop(monoio::spawn(work))))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(Handle::local(self.block_on(lazy(|_| monoio::spawn(job)))))
    }
}

/// The one subject.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![Subject::new("monoio", spawns::<OneThread>())]
}
