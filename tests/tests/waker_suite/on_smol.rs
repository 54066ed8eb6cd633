//! The wakers of smol: its global executor and its `block_on`; of async-executor, which it names `Executor` and
//! `LocalExecutor`; and of async-task, which both and async-std stand on, with a queue of our own.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::pending,
    rc::Rc,
    sync::{Arc, Mutex, OnceLock},
};

use async_task::Runnable;
use harness::{
    Executor, Subject, Work,
    probe::{self, WakerProbe},
    waker::Tested,
};

struct Global;

impl Executor for Global {
    fn spawn(&self, work: Work) {
        smol::spawn(work).detach();
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(Box::pin(smol::spawn(work)))
    }
}

/// The future that runs the executor is dropped before it.
struct Running {
    run: RefCell<Option<probe::Task<dyn Future<Output = ()>>>>,
    executor: Rc<smol::Executor<'static>>,
}

impl Running {
    fn new() -> Self {
        let running = Running { run: RefCell::default(), executor: Rc::default() };
        running.run_with(&WakerProbe::new());
        running
    }

    fn run_with(&self, probe: &WakerProbe) {
        let executor = Rc::clone(&self.executor);
        let run: std::pin::Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move { executor.run(pending()).await });
        *self.run.borrow_mut() = Some(probe::Task::from(run).with(probe));
    }
}

impl Executor for Running {
    fn spawn(&self, work: Work) {
        self.executor.spawn(work).detach();
    }

    fn run(&self) {
        let mut run = self.run.borrow_mut();
        let run = run.as_mut().expect("it is made with the executor");
        run.assert_pending();
        while run.is_woken() {
            run.assert_pending();
        }
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(Box::pin(self.executor.spawn(work)))
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.run_with(&WakerProbe::new().on_wake(hook));
        true
    }
}

#[derive(Default)]
struct Local(smol::LocalExecutor<'static>);

impl Executor for Local {
    fn spawn(&self, work: Work) {
        self.0.spawn(work).detach();
    }

    fn run(&self) {
        while self.0.try_tick() {}
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(Box::pin(self.0.spawn(work)))
    }
}

/// A queue, and nothing else.
#[derive(Default)]
struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<VecDeque<Runnable>>,
    hook: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Queue {
    fn start(&self, work: Work) -> async_task::Task<()> {
        // A queue that its own tasks kept alive would never be freed.
        let shared = Arc::downgrade(&self.0);
        let (runnable, task) = async_task::spawn(work, move |runnable| {
            let Some(shared) = shared.upgrade() else { return };
            shared.queue.lock().expect("nobody panics").push_back(runnable);
            shared.hook.get().inspect(|hook| hook());
        });
        runnable.schedule();
        task
    }
}

impl Executor for Queue {
    fn spawn(&self, work: Work) {
        self.start(work).detach();
    }

    fn run(&self) {
        let next = || self.0.queue.lock().expect("nobody panics").pop_front();
        while let Some(runnable) = next() {
            runnable.run();
        }
    }

    fn spawn_joined(&self, work: Work) -> Option<Work> {
        Some(Box::pin(self.start(work)))
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.queue.lock().expect("nobody panics").len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.0.hook.set(hook).is_ok()
    }
}

/// What it fails, under the name of the test in `waker_findings.rs` that shows it.
const RECURSES: &[(&str, &str)] = &[("B15", "async_task_drops_a_chain_of_tasks_inside_each_other")];

pub fn subjects() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("smol", Tested::executor(|| Global).global()),
        Subject::new("smol-block-on", Tested::block_on(smol::block_on)),
        Subject::new("async-executor", Tested::executor(Running::new)),
        Subject::new("async-executor-local", Tested::executor(Local::default)),
        Subject::new("async-task", Tested::executor(Queue::default)).fails(RECURSES),
    ]
}
