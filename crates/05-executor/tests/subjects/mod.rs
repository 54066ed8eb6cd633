//! The stages as the harness drives them, and what each declares of itself.

use std::{
    sync::{Arc, OnceLock},
    task::{Wake, Waker},
    time::Instant,
};

use harness::{
    Executor, Handle, Subject, Work,
    executor::{DroppedHandle, End, Job, LocalJob, Nested, Output, Panics, Policies, Spawner, Tested},
};
use lesson_executor::{
    parts::{
        driver::{Driver, Parking},
        task::JoinHandle,
    },
    s1_spin, s2_block_on, s3_run_queue, s4_spawn, s7_fast,
};

/// Every stage, under its name.
pub fn all() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s1-spin", spin()),
        Subject::new("s2-block-on", block_on()),
        Subject::new("s2-naive", naive_block_on()),
        Subject::new("s3-run-queue", run_queue()),
        Subject::new("s4-spawn", spawn()),
        Subject::new("s7-fast", fast()),
    ]
}

/// Stage 1.
fn spin() -> Tested {
    Tested::executor(|| Spin(s1_spin::Executor::new())).policies(Policies {
        nested: Some(Nested::Works),
        fairness: Some(8),
        panics: Some(Panics::Propagated),
        owns_tasks: Some(true),
        ..Policies::default()
    })
}

/// Stage 2.
fn block_on() -> Tested {
    Tested::block_on(|root: Work| s2_block_on::block_on(root)).policies(blocks())
}

/// Stage 2, over the token of std.
fn naive_block_on() -> Tested {
    Tested::block_on(|root: Work| s2_block_on::naive_block_on(root)).policies(blocks())
}

fn blocks() -> Policies {
    Policies { nested: Some(Nested::Works), panics: Some(Panics::Propagated), ..Policies::default() }
}

/// Stage 3.
fn run_queue() -> Tested {
    Tested::executor(|| {
        let hook = Hook::default();
        RunQueue(s3_run_queue::Executor::with_driver(hook.driver()), hook)
    })
    .policies(Policies {
        nested: Some(Nested::Panics),
        fairness: Some(8),
        panics: Some(Panics::Isolated),
        owns_tasks: Some(true),
        ..Policies::default()
    })
}

/// Stage 4.
fn spawn() -> Tested {
    Tested::executor(|| {
        let hook = Hook::default();
        Spawns(s4_spawn::Executor::with_driver(hook.driver()), hook)
    })
    .policies(Policies {
        nested: Some(Nested::Panics),
        drops_before_join: Some(true),
        fairness: Some(8),
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Detaches),
        owns_tasks: Some(true),
    })
}

/// Stage 7: a join handle stays on the thread, and only what aborts may leave it.
fn fast() -> Tested {
    Tested::executor(|| {
        let hook = Hook::default();
        Fast(s7_fast::Executor::with_driver(hook.driver()), hook)
    })
    .policies(Policies {
        nested: Some(Nested::Panics),
        drops_before_join: Some(true),
        fairness: Some(8),
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Detaches),
        owns_tasks: Some(true),
    })
}

struct Spin(s1_spin::Executor);

impl Executor for Spin {
    fn spawn(&self, work: Work) {
        self.0.spawn(work);
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }
}

struct RunQueue(s3_run_queue::Executor<Hooked>, Hook);

impl Executor for RunQueue {
    fn spawn(&self, work: Work) {
        self.0.spawn(work);
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled();
        true
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.queue_len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.1.set(hook)
    }
}

struct Spawns(s4_spawn::Executor<Hooked>, Hook);

impl Executor for Spawns {
    fn spawn(&self, work: Work) {
        drop(self.0.spawn(work));
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled();
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(joined(self.0.spawn(job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(joined(self.0.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::local(move |work| drop(spawner.spawn(work))))
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.queue_len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.1.set(hook)
    }
}

struct Fast(s7_fast::Executor<Hooked>, Hook);

impl Executor for Fast {
    fn spawn(&self, work: Work) {
        drop(self.0.spawn(work));
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled();
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(joined_here(self.0.spawn(job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(joined_here(self.0.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        let spawner = self.0.spawner();
        Some(Spawner::local(move |work| drop(spawner.spawn(work))))
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.queue_len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.1.set(hook)
    }
}

fn joined(handle: JoinHandle<Output>) -> Handle {
    let task = handle.abort_handle();
    let joined = async {
        match handle.await {
            Ok(output) => End::Finished(output),
            Err(error) if error.is_panic() => End::Panicked,
            Err(_) => End::Cancelled,
        }
    };
    Handle::new(joined).aborted_by(move || task.abort())
}

fn joined_here(handle: s7_fast::JoinHandle<Output>) -> Handle {
    let task = handle.abort_handle();
    let joined = async {
        match handle.await {
            Ok(output) => End::Finished(output),
            Err(error) if error.is_panic() => End::Panicked,
            Err(_) => End::Cancelled,
        }
    };
    Handle::local(joined).aborted_by(move || task.abort())
}

/// What is done inside each wake, once the task is in the queue and the executor about to be unparked.
#[derive(Clone, Default)]
struct Hook(Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>);

impl Hook {
    fn set(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.0.set(hook).is_ok()
    }

    fn driver(&self) -> Hooked {
        Hooked { parking: Parking::default(), hook: self.clone() }
    }
}

/// The driver of all stages, and the hook in its unparker.
struct Hooked {
    parking: Parking,
    hook: Hook,
}

impl Driver for Hooked {
    fn park(&mut self, deadline: Option<Instant>) {
        self.parking.park(deadline);
    }

    fn turn(&mut self) {
        self.parking.turn();
    }

    fn unparker(&self) -> Waker {
        Waker::from(Arc::new(Unpark { unparker: self.parking.unparker(), hook: self.hook.clone() }))
    }
}

struct Unpark {
    unparker: Waker,
    hook: Hook,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(hook) = self.hook.0.get() {
            hook();
        }
        self.unparker.wake_by_ref();
    }
}
