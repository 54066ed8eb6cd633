//! Stage 2: the pool of lesson 5, with the task of stage 1. Threads, the workers, take tasks from
//! one queue. A worker without a task sleeps. A wake wakes one sleeping worker, and makes no system
//! call if none sleeps. The thread that calls `block_on` is no worker.

use std::{
    future::Future,
    mem,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

pub use lesson_executor::parts::join::JoinError;
use lesson_executor::parts::{
    driver::{Driver, POLLS_PER_TURN, Parking},
    root::RootWaker,
};

pub use crate::parts::task::{AbortHandle, JoinHandle};
use crate::{
    parts::{
        current::{CurrentGuard, CurrentSpawner, current_spawner, with_current},
        idle::IdleWorkers,
        run_queue::RunQueue,
        shared_driver::{SharedDriver, abort_on_panic},
        shared_owner::SharedOwner,
        spawner,
        task::{Schedule, ScheduledTask},
    },
    sync::{CacheAligned, thread},
};

/// An executor with threads of its own, and one queue for all of them.
///
/// A worker goes through these states:
///
/// ```text
///            the queue is empty             woken, or sees a task
///   polls ───────────────────────> sleeps ───────────────────────> searches
///     ^                                                               │
///     └───────────────────────────────────────────────────────────────┘
///                           takes a task, or sleeps again
/// ```
///
/// It is first come, first served: a worker takes a task from the queue after all tasks in front of
/// it were taken. Different workers may poll a future in turn, so it must be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_fast_executor::s2_pool::Executor::new(2);
/// let local = std::rc::Rc::new(5);
/// executor.spawn(async move { *local });
/// ```
pub struct Executor {
    spawner: Spawner,
    workers: Vec<thread::JoinHandle<()>>,
}

/// The queue of a pool, and the workers that have nothing to do.
pub struct PoolScheduler {
    /// Not on a cache line with `idle`, which every worker reads before each poll.
    queue: CacheAligned<RunQueue>,
    idle: IdleWorkers,
}

// ANCHOR: wake
impl Schedule for PoolScheduler {
    fn schedule(&self, task: ScheduledTask) {
        self.queue.0.push(task);
        self.idle.notify();
    }

    fn close(&self) {
        self.queue.0.close();
    }
}
// ANCHOR_END: wake

impl Executor {
    /// Creates a pool of `workers` threads, which sleep in parkers.
    ///
    /// # Panics
    ///
    /// If `workers` is 0, or if the system refuses a thread.
    pub fn new(workers: usize) -> Self {
        Executor::start(workers, SharedDriver::new(None))
    }

    /// Creates a pool of `workers` threads. One worker at a time sleeps in this driver, the others
    /// in parkers. Each worker gives the driver a turn at least every [`POLLS_PER_TURN`] polls,
    /// unless another worker uses the driver. If the driver panics, the process aborts.
    ///
    /// # Panics
    ///
    /// As [`Executor::new`].
    pub fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self {
        Executor::start(workers, SharedDriver::new(Some(Box::new(driver))))
    }

    // ANCHOR: start
    fn start(workers: usize, driver: SharedDriver) -> Self {
        assert!(workers > 0, "a pool needs at least one worker");
        let scheduler = PoolScheduler { queue: CacheAligned(RunQueue::new()), idle: IdleWorkers::new(workers) };
        let (spawner, driver) = (spawner::Spawner(Arc::new(SharedOwner::new(scheduler))), Arc::new(driver));
        let mut executor = Executor { spawner, workers: Vec::new() };
        for number in 0..workers {
            let worker = Worker { number, spawner: executor.spawner.clone(), driver: Arc::clone(&driver) };
            let thread = thread::Builder::new().name(format!("worker {number}"));
            let thread = thread.spawn(|| abort_on_panic(|| worker.run()));
            executor.workers.push(thread.expect("the system should give a thread for each worker"));
        }
        executor
    }
    // ANCHOR_END: start

    // ANCHOR: spawn
    /// Makes a task of the future and puts it into the queue. If the handle is dropped, the task
    /// runs on.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
    }

    /// Returns a handle that spawns tasks on this pool, from any thread and from inside a task.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }
    // ANCHOR_END: spawn

    // ANCHOR: block_on
    /// Runs `root` to its end on this thread. The workers run the tasks, also before and after.
    ///
    /// # Panics
    ///
    /// If this thread already runs an executor, as inside a task, or if `root` panics.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let _entered = self.spawner.enter();
        let mut parking = Parking::default();
        let wakes = RootWaker::new(parking.unparker());
        let waker = Waker::from(wakes.clone());
        let mut root = pin!(root);
        loop {
            if wakes.take_wake()
                && let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            if !wakes.is_woken() {
                parking.park(None);
            }
        }
    }
    // ANCHOR_END: block_on
}

impl Drop for Executor {
    // ANCHOR: drop
    /// Waits until each worker has ended its current poll, then drops the futures of all tasks on
    /// this thread. Inside one of its own tasks it does not wait for the worker that polls that
    /// task. Handles and wakers may live longer.
    fn drop(&mut self) {
        self.spawner.0.scheduler().idle.close();
        let others =
            mem::take(&mut self.workers).into_iter().filter(|worker| worker.thread().id() != thread::current().id());
        // A worker never panics: `abort_on_panic`.
        others.for_each(|worker| drop(worker.join()));
        let _current = CurrentGuard::new(&self.spawner);
        self.spawner.0.close();
    }
    // ANCHOR_END: drop
}

/// One thread of a pool.
struct Worker {
    number: usize,
    spawner: Spawner,
    driver: Arc<SharedDriver>,
}

impl Worker {
    // ANCHOR: run
    fn run(self) {
        let _entered = self.spawner.enter();
        let Worker { number, spawner: spawner::Spawner(owner), driver } = &self;
        let PoolScheduler { queue: CacheAligned(queue), idle } = owner.scheduler();
        let (mut parking, mut polls, mut searching) = (Parking::default(), 0, false);
        while !idle.is_closed() {
            let Some(task) = queue.pop() else {
                let is_more = || !queue.is_empty();
                searching = driver.with_place(*number, &mut parking, |place| idle.sleep(place, searching, is_more));
                continue;
            };
            if mem::take(&mut searching) {
                idle.found(|| !queue.is_empty());
            }
            idle.ensure_watcher();
            owner.run(task);
            polls += 1;
            if polls == POLLS_PER_TURN {
                polls = 0;
                driver.turn();
            }
        }
    }
    // ANCHOR_END: run
}

/// Spawns tasks on one pool, from any thread.
pub type Spawner = spawner::Spawner<Arc<SharedOwner<PoolScheduler>>>;

current_spawner!(Spawner);

/// Makes a task on the pool that this thread runs, as [`Executor::spawn`] does.
///
/// # Panics
///
/// If this thread runs no pool of this stage.
pub fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
    let spawned = with_current(|spawner: &Spawner| spawner.0.spawn(future));
    // The spawner is not borrowed any more, so a refused task may be dropped here.
    spawned.0
}
