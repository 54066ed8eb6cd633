//! The stages as the checks drive them: the very adapters that are measured, and what a stage on one
//! thread shows besides.

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
use peers::runtime::{Blocks, Spawns, Starts, blocks, spawns, starts};

use crate::against_peers::stages::{BLOCKS, BlockOn, Fast, Joins, OneThread, Pool, RunQueue, Spawn, Spin, Stealing};

/// Every stage, under its name.
pub fn all() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s1-spin", starts::<Spin>()),
        Subject::new("s2-block-on", blocks::<BlockOn>()),
        Subject::new("s2-naive", Tested::block_on(|root: Work| s2_block_on::naive_block_on(root)).policies(BLOCKS)),
        Subject::new("s3-run-queue", shown::<RunQueue>()),
        Subject::new("s4-spawn", shown::<Spawn>()),
        Subject::new("s5-pool-1", spawns::<Pool<1>>()),
        Subject::new("s5-pool-2", spawns::<Pool<2>>()),
        Subject::new("s5-pool-4", spawns::<Pool<4>>()),
        Subject::new("s6-stealing-1", spawns::<Stealing<1>>()),
        Subject::new("s6-stealing-2", spawns::<Stealing<2>>()),
        Subject::new("s6-stealing-4", spawns::<Stealing<4>>()),
        Subject::new("s7-fast", shown::<Fast>()),
    ]
}

/// Those on a driver with a hook, for the checks that do something in the middle of a wake.
pub fn hooked() -> Vec<Subject<Tested>> {
    let all = vec![
        Subject::new("s3-run-queue-hooked", with_hook(|driver| RunQueue(s3_run_queue::Executor::with_driver(driver)))),
        Subject::new("s4-spawn-hooked", with_hook(|driver| OneThread(s4_spawn::Executor::with_driver(driver)))),
        Subject::new("s7-fast-hooked", with_hook(|driver| OneThread(s7_fast::Executor::with_driver(driver)))),
    ];
    all.into_iter().map(|subject| subject.only(&["B7", "B13"])).collect()
}

fn shown<R: Blocks>() -> Tested
where
    Shown<R>: Executor,
{
    Tested::executor(|| Shown(R::new(), None)).policies(R::POLICIES)
}

fn with_hook<R: Blocks>(make: fn(Hooked) -> R) -> Tested
where
    Shown<R>: Executor,
{
    let make = move || {
        let driver = Hooked::default();
        let hook = driver.hook.clone();
        Shown(make(driver), Some(hook))
    };
    Tested::executor(make).policies(R::POLICIES)
}

/// A stage on one thread: what is measured of it, what the checks can see besides, and the hook in
/// its driver.
struct Shown<R>(R, Option<Hook>);

impl<D: Driver + Default + 'static> Executor for Shown<RunQueue<D>> {
    fn spawn(&self, work: Work) {
        self.0.start(work);
    }

    fn block_on(&self, root: Work) -> bool {
        Blocks::block_on(&self.0, root);
        true
    }

    fn run_until_stalled(&self) -> bool {
        self.0.0.run_until_stalled();
        true
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.0.queue_len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.1.as_ref().is_some_and(|of_driver| of_driver.set(hook))
    }
}

impl<S: Joins> Executor for Shown<OneThread<S>> {
    fn spawn(&self, work: Work) {
        self.0.start(work);
    }

    fn block_on(&self, root: Work) -> bool {
        Blocks::block_on(&self.0, root);
        true
    }

    fn run_until_stalled(&self) -> bool {
        self.0.0.run_until_stalled();
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(S::joins(Spawns::spawn(&self.0, job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        Some(S::joins(self.0.0.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        Spawns::spawner(&self.0)
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.0.0.queue_len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.1.as_ref().is_some_and(|of_driver| of_driver.set(hook))
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
}

/// The driver of all stages, and the hook in its unparker.
#[derive(Default)]
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
