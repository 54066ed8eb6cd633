//! The stages as subjects of the checks. The adapters are those that the bench measures.

use std::{
    sync::{Arc, OnceLock},
    task::{Wake, Waker},
    time::Instant,
};

use harness::{Executor, Subject, Work, executor::Tested};
use lesson_executor::{
    parts::driver::{Driver, Parking},
    s2_block_on, s3_run_queue, s4_spawn, s7_fast,
};
use peers::runtime::{Starts, blocks, spawns, starts};

use super::against_peers::stages::{BLOCKS, BlockOn, Fast, OneThread, Pool, RunQueue, Spawn, Spin, Stealing};

/// Every stage, under its name.
pub fn all() -> Vec<Subject<Tested>> {
    vec![
        Subject::new("s1-spin", starts::<Spin>()),
        Subject::new("s2-block-on", blocks::<BlockOn>()),
        Subject::new("s2-naive", Tested::block_on(|root: Work| s2_block_on::naive_block_on(root)).policies(BLOCKS)),
        Subject::new("s3-run-queue", starts::<RunQueue>()),
        Subject::new("s4-spawn", spawns::<Spawn>()),
        Subject::new("s5-pool-1", spawns::<Pool<1>>()),
        Subject::new("s5-pool-2", spawns::<Pool<2>>()),
        Subject::new("s5-pool-4", spawns::<Pool<4>>()),
        Subject::new("s6-stealing-1", spawns::<Stealing<1>>()),
        Subject::new("s6-stealing-2", spawns::<Stealing<2>>()),
        Subject::new("s6-stealing-4", spawns::<Stealing<4>>()),
        Subject::new("s7-fast", spawns::<Fast>()),
    ]
}

/// The stages with a queue, on a driver with a hook: two checks do something in the middle of a
/// wake.
pub fn hooked() -> Vec<Subject<Tested>> {
    let all = vec![
        Subject::new("s3-run-queue-hooked", with_hook(|driver| RunQueue(s3_run_queue::Executor::with_driver(driver)))),
        Subject::new("s4-spawn-hooked", with_hook(|driver| OneThread(s4_spawn::Executor::with_driver(driver)))),
        Subject::new("s7-fast-hooked", with_hook(|driver| OneThread(s7_fast::Executor::with_driver(driver)))),
    ];
    all.into_iter().map(|subject| subject.only(&["B7", "B13"])).collect()
}

fn with_hook<R: Starts>(make: fn(Hooked) -> R) -> Tested {
    let make = move || {
        let driver = Hooked::default();
        let hook = driver.hook.clone();
        WithHook(make(driver), hook)
    };
    Tested::executor(make).policies(R::POLICIES)
}

/// A stage on one thread, and the hook in its driver.
struct WithHook<R>(R, Hook);

impl<R: Starts> Executor for WithHook<R> {
    fn spawn(&self, work: Work) {
        self.0.start(work);
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled()
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.1.0.set(hook).is_ok()
    }
}

/// What is done inside each wake, once the task is in the queue and the executor about to be
/// unparked.
#[derive(Clone, Default)]
struct Hook(Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>);

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
