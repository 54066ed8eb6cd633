//! A driver whose unparker runs a hook. Two checks of part B do something in the middle of a wake.

use std::{
    sync::{Arc, OnceLock},
    task::{Wake, Waker},
    time::Instant,
};

use harness::{Executor, Work, executor::Tested};
use lesson_executor::parts::driver::{Driver, Parking};
use peers::runtime::Starts;

/// A stage whose driver has a hook, as a subject of the checks.
pub fn with_hook<R: Starts>(make: fn(Hooked) -> R) -> Tested {
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

/// Runs in each wake: after the task has entered the queue, before the executor is unparked.
#[derive(Clone, Default)]
struct Hook(Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>);

/// The parker of all stages, with a hook in its unparker.
#[derive(Default)]
pub struct Hooked {
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
