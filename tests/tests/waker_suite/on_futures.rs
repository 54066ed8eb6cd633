//! The wakers of `futures`: its pools, its combinators that poll many futures or one for many, and those made of an `Arc`.

use std::{cell::RefCell, sync::Arc};

use futures::{
    FutureExt, StreamExt,
    executor::{LocalPool, ThreadPool, block_on},
    stream::FuturesUnordered,
    task::{self, ArcWake, LocalSpawnExt},
};
use harness::{
    Executor, Subject, Work,
    probe::{self, WakerProbe},
    waker::{Target, Tested},
};

struct OnLocalPool(RefCell<LocalPool>);

impl Executor for OnLocalPool {
    fn spawn(&self, work: Work) {
        self.0.borrow().spawner().spawn_local(work).expect("the pool is there");
    }

    fn run(&self) {
        self.0.borrow_mut().run_until_stalled();
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        let handle = self.0.borrow().spawner().spawn_local_with_handle(work);
        Some(Box::pin(handle.expect("the pool is there")))
    }
}

struct OnThreadPool(ThreadPool);

impl Executor for OnThreadPool {
    fn spawn(&self, work: Work) {
        self.0.spawn_ok(work);
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        let handle = task::SpawnExt::spawn_with_handle(&self.0, work);
        Some(Box::pin(handle.expect("the pool is there")))
    }
}

/// The future of a set polls those of its children that are woken.
struct InASet {
    set: RefCell<FuturesUnordered<Work>>,
    parent: RefCell<WakerProbe>,
}

impl Executor for InASet {
    fn spawn(&self, work: Work) {
        self.set.borrow().push(work);
    }

    fn run(&self) {
        let parent = self.parent.borrow().clone();
        loop {
            let before = parent.woken();
            let mut set = self.set.borrow_mut();
            let mut next = probe::Task::new(set.next()).with(&parent);
            if next.poll().is_pending() && parent.woken() == before || set.is_empty() {
                return;
            }
        }
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        *self.parent.borrow_mut() = WakerProbe::new().on_wake(hook);
        true
    }
}

struct OnArcWake(Target);

impl ArcWake for OnArcWake {
    fn wake_by_ref(this: &Arc<Self>) {
        this.0.woken();
    }
}

/// What it fails, under the name of the test in `waker_findings.rs` that shows it.
const KEPT: &[(&str, &str)] = &[
    ("B7", "futures_thread_pool_never_frees_a_task_that_waits"),
    ("B8", "futures_thread_pool_never_frees_a_task_that_waits"),
];

fn thread_pool() -> OnThreadPool {
    OnThreadPool(ThreadPool::builder().pool_size(2).create().expect("a process can have some threads more"))
}

fn in_a_set() -> InASet {
    InASet { set: RefCell::default(), parent: RefCell::default() }
}

pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("futures-local-pool", Tested::executor(|| OnLocalPool(RefCell::default()))),
        Subject::new("futures-thread-pool", Tested::executor(thread_pool)).fails(KEPT),
        Subject::new("futures-unordered", Tested::executor(in_a_set)),
        Subject::new("futures-block-on", Tested::block_on(block_on)),
        Subject::new("futures-shared", Tested::block_on(|work| block_on(work.shared()))),
        Subject::new("futures-arc-wake", Tested::calls(|target| task::waker(Arc::new(OnArcWake(target))))),
        Subject::new("futures-noop", Tested::inert(task::noop_waker)),
    ]
}
