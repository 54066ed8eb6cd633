//! The wakers of async-task, which async-std and async-executor use, with a queue of our own.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
};

use async_task::Runnable;
use harness::{Executor, Handle, Subject, Work, executor::Job, waker::Tested};

/// An executor that is a queue and nothing else.
#[derive(Default)]
struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<VecDeque<Runnable>>,
    hook: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Queue {
    fn start<T: Send + 'static>(&self, work: Pin<Box<dyn Future<Output = T> + Send>>) -> async_task::Task<T> {
        // If the tasks kept the queue alive, nobody would free it.
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

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(self.start(job)))
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.queue.lock().expect("nobody panics").len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.0.hook.set(hook).is_ok()
    }
}

/// What it fails, and the test in `it/findings` that shows it.
const RECURSES: &[(&str, &str)] = &[("B15", "async_task_drops_a_chain_of_tasks_inside_each_other")];

pub fn subjects() -> Vec<Subject<Tested>> {
    vec![Subject::new("async-task", Tested::executor(Queue::default)).fails(RECURSES)]
}
