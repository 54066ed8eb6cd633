//! async-executor, which smol names `Executor` and `LocalExecutor`: on one thread, on one thread
//! without `Send`, and on two threads, each of which runs it until it is told to stop.

use std::{cell::RefCell, future::pending, rc::Rc, sync::Arc, thread, time::Duration};

use harness::{
    Executor, Handle, Subject, Work,
    executor::{Job, LocalJob, LocalWork, Output, Policies, Spawner, Tested},
    probe::{self, WakerProbe},
};
use smol::{
    Task,
    channel::{Sender, unbounded},
};

use crate::{
    on_smol::{DECLARED, sleep},
    runtime::{Blocks, Spawns, Starts},
};

type Shared = Arc<smol::Executor<'static>>;

/// One on the thread that has it.
pub struct OneThread {
    /// What runs it while nobody blocks. It is dropped before it.
    run: RefCell<Option<probe::Task<dyn Future<Output = ()>>>>,
    probe: RefCell<WakerProbe>,
    executor: Shared,
}

impl OneThread {
    /// A fresh one.
    #[expect(clippy::new_without_default, reason = "as the others")]
    pub fn new() -> Self {
        OneThread { run: RefCell::default(), probe: RefCell::default(), executor: Arc::default() }
    }
}

fn runner(executor: &Shared) -> LocalWork {
    let executor = Arc::clone(executor);
    Box::pin(async move { executor.run(pending()).await })
}

impl Executor for OneThread {
    fn spawn(&self, work: Work) {
        self.executor.spawn(work).detach();
    }

    fn run(&self) {
        let mut run = self.run.borrow_mut();
        let run = run.get_or_insert_with(|| probe::Task::from(runner(&self.executor)).with(&self.probe.borrow()));
        run.assert_pending();
        while run.is_woken() {
            run.assert_pending();
        }
    }

    fn block_on(&self, root: Work) -> bool {
        // One that nobody polls meanwhile must not be told of a task.
        *self.run.borrow_mut() = None;
        smol::block_on(self.executor.run(root));
        true
    }

    fn run_until_stalled(&self) -> bool {
        while self.executor.try_tick() {}
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(self.executor.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(weak_spawner(&self.executor))
    }

    fn runner(&self) -> Option<LocalWork> {
        Some(runner(&self.executor))
    }

    fn ticker(&self) -> Option<LocalWork> {
        let executor = Arc::clone(&self.executor);
        Some(Box::pin(async move { executor.tick().await }))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(sleep)
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        *self.probe.borrow_mut() = WakerProbe::new().on_wake(hook);
        self.run.take().is_none()
    }
}

/// Whoever spawns with a borrow of it can do so for as long as it is there.
fn weak_spawner(executor: &Shared) -> Spawner {
    let executor = Arc::downgrade(executor);
    Spawner::new(move |work| {
        executor.upgrade().inspect(|executor| executor.spawn(work).detach());
    })
}

/// One for tasks that are not `Send`.
#[derive(Default)]
pub struct Local(Rc<smol::LocalExecutor<'static>>);

impl Executor for Local {
    fn spawn(&self, work: Work) {
        self.0.spawn(work).detach();
    }

    fn block_on(&self, root: Work) -> bool {
        smol::block_on(self.0.run(root));
        true
    }

    fn run_until_stalled(&self) -> bool {
        while self.0.try_tick() {}
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(self.0.spawn(job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(Handle::new(self.0.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        let executor = Rc::downgrade(&self.0);
        Some(Spawner::local(move |work| {
            executor.upgrade().inspect(|executor| executor.spawn(work).detach());
        }))
    }

    fn runner(&self) -> Option<LocalWork> {
        let executor = Rc::clone(&self.0);
        Some(Box::pin(async move { executor.run(pending()).await }))
    }

    fn ticker(&self) -> Option<LocalWork> {
        let executor = Rc::clone(&self.0);
        Some(Box::pin(async move { executor.tick().await }))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(sleep)
    }
}

/// How many threads run a shared one.
const THREADS: usize = 2;

/// One that threads share.
pub struct TwoThreads {
    executor: Shared,
    /// Its drop is what the threads wait for.
    stop: Option<Sender<()>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl TwoThreads {
    /// A fresh one.
    #[expect(clippy::new_without_default, reason = "it starts threads")]
    pub fn new() -> Self {
        let executor = Shared::default();
        let (stop, stopped) = unbounded::<()>();
        let thread = |_| {
            let (executor, stopped) = (Arc::clone(&executor), stopped.clone());
            thread::spawn(move || {
                let _ = smol::block_on(executor.run(stopped.recv()));
            })
        };
        TwoThreads { threads: (0..THREADS).map(thread).collect(), executor, stop: Some(stop) }
    }
}

impl Drop for TwoThreads {
    fn drop(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            thread.join().expect("tasks that panic do not end it");
        }
    }
}

impl Executor for TwoThreads {
    fn spawn(&self, work: Work) {
        self.executor.spawn(work).detach();
    }

    fn run(&self) {}

    fn block_on(&self, root: Work) -> bool {
        smol::block_on(root);
        true
    }

    fn threads(&self) -> usize {
        THREADS
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(self.executor.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Some(weak_spawner(&self.executor))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(sleep)
    }
}

thread_local! {
    /// The local one that this thread runs: a task has to find it, and must be `Send`.
    static CURRENT: RefCell<Option<Rc<smol::LocalExecutor<'static>>>> = const { RefCell::new(None) };
}

impl Blocks for Local {
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        Local::default()
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        CURRENT.set(Some(Rc::clone(&self.0)));
        let output = smol::block_on(self.0.run(root));
        CURRENT.take();
        output
    }
}

impl Starts for Local {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.0.spawn(future).detach();
    }
}

impl Spawns for Local {
    type Join<T: Send + 'static> = Task<T>;
    type Joined<T> = T;
    type Within = ();

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> Task<F::Output> {
        self.0.spawn(future)
    }

    fn within(&self) {}

    #[inline(never)]
    fn spawn_within<F>(_: &(), future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        CURRENT.with_borrow(|current| current.as_ref().expect(WITHIN).spawn(future))
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(_: &(), future: F) {
        CURRENT.with_borrow(|current| current.as_ref().expect(WITHIN).spawn(future).detach());
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: Task<Output>) -> Handle {
        Handle::new(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        Executor::spawner(self)
    }
}

const WITHIN: &str = "what starts tasks within the executor is run by it";

impl Blocks for TwoThreads {
    const POLICIES: Policies = DECLARED;

    fn new() -> Self {
        TwoThreads::new()
    }

    fn threads() -> usize {
        THREADS
    }

    #[inline(never)]
    fn block_on<F: Future<Output: 'static>>(&self, root: F) -> F::Output {
        smol::block_on(root)
    }
}

impl Starts for TwoThreads {
    #[inline(never)]
    fn start<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.executor.spawn(future).detach();
    }
}

impl Spawns for TwoThreads {
    type Join<T: Send + 'static> = Task<T>;
    type Joined<T> = T;
    type Within = Shared;

    #[inline(never)]
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(&self, future: F) -> Task<F::Output> {
        self.executor.spawn(future)
    }

    fn within(&self) -> Shared {
        Arc::clone(&self.executor)
    }

    #[inline(never)]
    fn spawn_within<F>(within: &Shared, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        within.spawn(future)
    }

    #[inline(never)]
    fn start_within<F: Future<Output = ()> + Send + 'static>(within: &Shared, future: F) {
        within.spawn(future).detach();
    }

    fn value<T>(joined: T) -> T {
        joined
    }

    fn handle(join: Task<Output>) -> Handle {
        Handle::new(join)
    }

    fn spawner(&self) -> Option<Spawner> {
        Executor::spawner(self)
    }
}

/// All three.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("async-executor", Tested::executor(OneThread::new).policies(DECLARED)),
        Subject::new("async-executor-local", Tested::executor(Local::default).policies(DECLARED)),
        Subject::new("async-executor-threads", Tested::executor(TwoThreads::new).policies(DECLARED)),
    ]
}
