//! async-executor, which smol re-exports as `Executor` and `LocalExecutor`: on one thread, on one
//! thread for tasks that are not `Send`, and on two threads that run it until they are stopped.

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
    on_smol::{Global, sleep},
    runtime::{Blocks, Spawns, Starts, spawns},
};

const DECLARED: Policies = Global::POLICIES;

type Shared = Arc<smol::Executor<'static>>;

/// `Executor`, run by the thread that made it. No bench measures it. Its runner is polled by hand,
/// so that a check can hook into the wake of that runner.
#[derive(Default)]
struct OneThread {
    /// Runs the executor while nothing blocks. It is dropped before the executor.
    run: RefCell<Option<probe::Task<dyn Future<Output = ()>>>>,
    probe: RefCell<WakerProbe>,
    executor: Shared,
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
        // A runner that nobody polls meanwhile would swallow the notice of a task.
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
        Some(spawner(&self.executor))
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

fn runner(executor: &Shared) -> LocalWork {
    let executor = Arc::clone(executor);
    Box::pin(async move { executor.run(pending()).await })
}

/// Starts tasks for as long as the executor lives.
fn spawner(executor: &Shared) -> Spawner {
    let executor = Arc::downgrade(executor);
    Spawner::new(move |work| {
        executor.upgrade().inspect(|executor| executor.spawn(work).detach());
    })
}

/// `LocalExecutor`, for tasks that are not `Send`.
pub struct Local(Rc<smol::LocalExecutor<'static>>);

thread_local! {
    /// The local executor that this thread runs. A task finds it here: the task is `Send`, so it
    /// cannot hold it.
    static CURRENT: RefCell<Option<Rc<smol::LocalExecutor<'static>>>> = const { RefCell::new(None) };
}

const WITHIN: &str = "a task runs inside `block_on`";

impl Blocks for Local {
    const POLICIES: Policies = DECLARED;
    const TIMER: Option<fn(Duration) -> Work> = Some(sleep);

    fn new() -> Self {
        Local(Rc::default())
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

    fn run_until_stalled(&self) -> bool {
        while self.0.try_tick() {}
        true
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
        let executor = Rc::downgrade(&self.0);
        Some(Spawner::local(move |work| {
            executor.upgrade().inspect(|executor| executor.spawn(work).detach());
        }))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(Handle::new(self.0.spawn(job)))
    }

    fn runner(&self) -> Option<LocalWork> {
        let executor = Rc::clone(&self.0);
        Some(Box::pin(async move { executor.run(pending()).await }))
    }

    fn ticker(&self) -> Option<LocalWork> {
        let executor = Rc::clone(&self.0);
        Some(Box::pin(async move { executor.tick().await }))
    }
}

/// How many threads run a shared executor.
const THREADS: usize = 2;

/// `Executor`, run by two threads.
pub struct TwoThreads {
    executor: Shared,
    /// Dropping it stops the threads.
    stop: Option<Sender<()>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Drop for TwoThreads {
    fn drop(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            thread.join().expect("a task that panics does not end its thread");
        }
    }
}

impl Blocks for TwoThreads {
    const POLICIES: Policies = DECLARED;
    const TIMER: Option<fn(Duration) -> Work> = Some(sleep);

    fn new() -> Self {
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
        Some(spawner(&self.executor))
    }
}

/// All three.
pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("async-executor", Tested::executor(OneThread::default).policies(DECLARED)),
        Subject::new("async-executor-local", spawns::<Local>()),
        Subject::new("async-executor-threads", spawns::<TwoThreads>()),
    ]
}
