//! Stage 1: a task is one allocation, and its waker is a pointer to it. The last single-threaded
//! stage of lesson 5 allocates four times for a task with a handle and locks a mutex at each wake.
//! Here one atomic word replaces those locks, and futures need not be `Send`.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    mem,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

pub use lesson_executor::parts::join::JoinError;
use lesson_executor::parts::{
    driver::{Driver, POLLS_PER_TURN, Parking},
    root::RootWaker,
};

pub use crate::parts::task::{AbortHandle, JoinHandle};
use crate::parts::{
    current::{CurrentGuard, CurrentSpawner, current_spawner, with_current},
    event,
    run_queue::RunQueue,
    spawner,
};

mod owner;
mod scheduler;

use owner::LocalOwner;
use scheduler::ThreadScheduler;

/// An executor on one thread.
///
/// It is first come, first served: a task in the queue waits for one poll of each task in front of
/// it. The root, the future of [`block_on`](Executor::block_on), is not in the queue. Once woken,
/// it waits for at most one poll of a task.
///
/// A task goes through these states:
///
/// ```text
///            wake                 start                 ready, panicked or cancelled
///   idle ────────────> scheduled ────────────> running ──────────────────────────────> complete
///     ^                    ^                    │    │
///     │                    └────────────────────┘    │
///     │                      pending, was woken      │
///     └──────────────────────────────────────────────┘
///                      pending
/// ```
///
/// The executor stays on its thread, with its futures, which need not be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_fast_executor::s1_one_allocation::Executor::new();
/// std::thread::spawn(move || executor.run_until_stalled());
/// ```
pub struct Executor<D = Parking> {
    spawner: Spawner,
    driver: RefCell<D>,
    /// The number of polls since the driver's last turn.
    polls: Cell<u32>,
    /// Kept for the next `block_on`, which then allocates nothing.
    spare_root_waker: Cell<Option<Arc<RootWaker>>>,
}

impl Executor {
    /// Creates an executor whose thread sleeps in a parker.
    pub fn new() -> Self {
        Executor::with_driver(Parking::default())
    }
}

impl Default for Executor {
    fn default() -> Self {
        Executor::new()
    }
}

impl<D: Driver> Executor<D> {
    /// Creates an executor whose thread sleeps in this driver.
    pub fn with_driver(driver: D) -> Self {
        let scheduler = ThreadScheduler { queue: RunQueue::new(), unparker: driver.unparker() };
        let spawner = spawner::Spawner(Rc::new(LocalOwner::new(scheduler)));
        Executor { spawner, driver: RefCell::new(driver), polls: Cell::new(0), spare_root_waker: Cell::new(None) }
    }

    // ANCHOR: spawn
    /// Makes a task of the future and puts it into the queue. The future is not polled here. If the
    /// handle is dropped, the task runs on.
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
    }

    /// Returns a handle that spawns tasks on this executor, also from inside a task.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }
    // ANCHOR_END: spawn

    // ANCHOR: block_on
    /// Runs `root` to its end on this thread, and polls tasks meanwhile. A task that has not ended
    /// by then waits for the next call.
    ///
    /// # Panics
    ///
    /// If this thread already runs an executor, or if `root` panics.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let _entered = self.spawner.enter();
        let root_waker = self.root_waker();
        let waker = Waker::from(root_waker.clone());
        let (mut root, mut is_new) = (pin!(root), true);
        loop {
            if root_waker.take_wake() | mem::take(&mut is_new) {
                let polled = root.as_mut().poll(&mut Context::from_waker(&waker));
                self.count_poll();
                if let Poll::Ready(output) = polled {
                    drop(waker);
                    self.spare_root_waker.set(Some(root_waker));
                    return output;
                }
            }
            if !self.run_next() && !root_waker.is_woken() {
                // A wake that comes between the look and the sleep has unparked this thread: then
                // `park` returns at once.
                self.driver.borrow_mut().park(None);
            }
        }
    }
    // ANCHOR_END: block_on

    /// The root waker of the last call, if nobody has a clone of it, else a new one.
    fn root_waker(&self) -> Arc<RootWaker> {
        let spare = self.spare_root_waker.take().filter(|spare| Arc::strong_count(spare) == 1);
        spare.unwrap_or_else(|| RootWaker::new(self.driver.borrow().unparker()))
    }

    /// Polls tasks until the queue is empty, and does not wait.
    ///
    /// # Panics
    ///
    /// If this thread already runs an executor.
    pub fn run_until_stalled(&self) {
        while self.try_tick() {}
    }

    /// Polls the next task in the queue. Returns `false` if there is none.
    ///
    /// # Panics
    ///
    /// If this thread already runs an executor.
    pub fn try_tick(&self) -> bool {
        let _entered = self.spawner.enter();
        self.run_next() || {
            // The driver may know of a task to wake.
            self.driver.borrow_mut().turn();
            self.run_next()
        }
    }

    // ANCHOR: run
    fn run_next(&self) -> bool {
        let Some(task) = self.spawner.0.scheduler().queue.pop() else { return false };
        self.spawner.0.run(task);
        self.count_poll();
        true
    }

    /// Counts a poll, and gives the driver its turn when one is due.
    fn count_poll(&self) {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() == POLLS_PER_TURN {
            self.polls.set(0);
            event::turn();
            self.driver.borrow_mut().turn();
        }
    }
    // ANCHOR_END: run

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        self.spawner.0.scheduler().queue.len()
    }
}

impl<D> Drop for Executor<D> {
    // ANCHOR: drop
    /// Drops the future of every task on this thread. Handles and wakers may live longer.
    fn drop(&mut self) {
        let _current = CurrentGuard::new(&self.spawner);
        self.spawner.0.close();
    }
    // ANCHOR_END: drop
}

/// Spawns tasks on one executor, on the thread of that executor.
pub type Spawner = spawner::Spawner<Rc<LocalOwner>>;

current_spawner!(Spawner);

/// Makes a task on the executor that this thread runs, as [`Executor::spawn`] does.
///
/// # Panics
///
/// If this thread runs no executor of this stage.
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    with_current(Spawner::clone).spawn(future)
}
