//! The stages as the harness drives them: as they are measured, and some of them with a hook and
//! all their functions besides.

use std::{
    sync::{Arc, OnceLock},
    task::{Wake, Waker},
    time::Instant,
};

use harness::{
    Executor, Handle, Subject, Work,
    executor::{Job, LocalJob, Spawner, Tested},
};
use lesson_executor::{
    parts::driver::{Driver, Parking},
    s2_block_on, s3_run_queue, s4_spawn, s7_fast,
};
use peers::runtime::{Blocks, blocks, spawns, starts};

#[path = "../../benches/against_peers/stages.rs"]
#[allow(dead_code, reason = "those with a hook are here instead")]
mod measured;

use measured::{BLOCKS, BlockOn, JOINS, Pool, Spin, Stealing, handle, handle_here};

/// Every stage, under its name.
pub fn all() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s1-spin", starts::<Spin>()),
        Subject::new("s2-block-on", blocks::<BlockOn>()),
        Subject::new("s2-naive", naive_block_on()),
        Subject::new("s3-run-queue", run_queue()),
        Subject::new("s4-spawn", spawn()),
        Subject::new("s5-pool-1", spawns::<Pool<1>>()),
        Subject::new("s5-pool-2", spawns::<Pool<2>>()),
        Subject::new("s5-pool-4", spawns::<Pool<4>>()),
        Subject::new("s6-stealing-1", spawns::<Stealing<1>>()),
        Subject::new("s6-stealing-2", spawns::<Stealing<2>>()),
        Subject::new("s6-stealing-4", spawns::<Stealing<4>>()),
        Subject::new("s7-fast", fast()),
    ]
}

/// Stage 2, over the token of std.
fn naive_block_on() -> Tested {
    Tested::block_on(|root: Work| s2_block_on::naive_block_on(root)).policies(BLOCKS)
}

/// Stage 3.
fn run_queue() -> Tested {
    let hooked = |hook: Hook| RunQueue(s3_run_queue::Executor::with_driver(hook.driver()), hook);
    Tested::executor(move || hooked(Hook::default())).policies(measured::RunQueue::POLICIES)
}

/// Stage 4.
fn spawn() -> Tested {
    let hooked = |hook: Hook| Spawns(s4_spawn::Executor::with_driver(hook.driver()), hook);
    Tested::executor(move || hooked(Hook::default())).policies(JOINS)
}

/// Stage 7: a join handle stays on the thread, and only what aborts may leave it.
fn fast() -> Tested {
    let hooked = |hook: Hook| Fast(s7_fast::Executor::with_driver(hook.driver()), hook);
    Tested::executor(move || hooked(Hook::default())).policies(JOINS)
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
        Some(handle(self.0.spawn(job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(handle(self.0.spawn(job)))
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
        Some(handle_here(self.0.spawn(job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(handle_here(self.0.spawn(job)))
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

/// What is done inside each wake, once the task is in the queue and the executor about to be
/// unparked.
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
