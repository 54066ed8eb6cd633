//! Stage 3: each worker has a queue of its own, and steals from the others when that is empty. A
//! worker queues what its tasks wake and spawn without a lock. Tasks from other threads, and those
//! that a full queue cannot hold, go into the injector, one queue for all.

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
        shared_driver::{SharedDriver, abort_on_panic},
        shared_owner::SharedOwner,
        spawner,
        task::{Schedule, ScheduledTask},
    },
    sync::thread,
};

pub mod injector;
mod queues;
pub mod ring;

use queues::{CurrentWorker, PushedTo, StealingQueues};
use ring::LocalRing;

/// An executor with threads of its own, which steal tasks from each other.
///
/// A worker takes the tasks of its own queue in their order. The n-th injected task waits at most
/// 61·n polls of each worker. Every 976 polls, a worker that is never idle moves the tasks of its
/// own queue behind the injected ones, if there are any, and takes one task of another worker.
///
/// A worker goes through these states:
///
/// ```text
///            takes a task              finds none                 announces it
///   polls <──────────────── looks ──────────────────> searches ─────────────────> sleeps
///     │                       ^                           │                          │
///     └───────────────────────┘                           │      is woken, or sees a task
///         the poll has ended    <─────────────────────────┘ <────────────────────────┘
///                                   takes or steals a task
/// ```
///
/// Different workers may poll a future in turn, so it must be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_fast_executor::s3_stealing::Executor::new(2);
/// let local = std::rc::Rc::new(5);
/// executor.spawn(async move { *local });
/// ```
pub struct Executor {
    spawner: Spawner,
    workers: Vec<thread::JoinHandle<()>>,
}

/// The queues of a pool that steals, and the workers that have nothing to do.
pub struct StealingScheduler {
    queues: StealingQueues,
    idle: IdleWorkers,
}

// ANCHOR: wake
impl Schedule for StealingScheduler {
    fn schedule(&self, task: ScheduledTask) {
        match self.queues.push(task) {
            PushedTo::Next => self.idle.notify_of_next(),
            PushedTo::Behind => self.idle.notify_of_own(),
            PushedTo::Injector => self.idle.notify(),
        }
    }

    fn close(&self) {
        self.queues.close();
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
        let (queues, rings) = StealingQueues::new(workers);
        let scheduler = StealingScheduler { queues, idle: IdleWorkers::new(workers) };
        let (spawner, driver) = (spawner::Spawner(Arc::new(SharedOwner::new(scheduler))), Arc::new(driver));
        let mut executor = Executor { spawner, workers: Vec::new() };
        for (number, ring) in rings.into_iter().enumerate() {
            let worker = Worker { number, spawner: executor.spawner.clone(), driver: Arc::clone(&driver) };
            let thread = thread::Builder::new().name(format!("worker {number}"));
            let thread = thread.spawn(|| abort_on_panic(|| worker.run(ring)));
            executor.workers.push(thread.expect("the system should give a thread for each worker"));
        }
        executor
    }
    // ANCHOR_END: start

    // ANCHOR: spawn
    /// Makes a task of the future and puts it into a queue. If the handle is dropped, the task runs
    /// on.
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
    fn run(self, ring: LocalRing) {
        let _entered = self.spawner.enter();
        let Worker { number, spawner: spawner::Spawner(owner), driver } = &self;
        let StealingScheduler { queues, idle } = owner.scheduler();
        let worker = CurrentWorker::enter(queues, *number, ring);
        let (mut parking, mut polls, mut has_ended, mut searching) = (Parking::default(), 0_u32, false, false);
        while !idle.is_closed() {
            let next = queues.next(&worker, polls).or_else(|| {
                // Look into the queues of the others before the sleep.
                searching = searching || idle.search();
                if searching { queues.steal(&worker) } else { None }
            });
            let Some(task) = next else {
                // Where tasks end, more are usually on their way. So a worker whose task has ended
                // lets other threads run once and looks again. Then nobody has to wake it.
                if searching && mem::take(&mut has_ended) {
                    thread::yield_now();
                    continue;
                }
                let is_more = || queues.is_more();
                searching = driver.with_place(*number, &mut parking, |place| idle.sleep(place, searching, is_more));
                continue;
            };
            if mem::take(&mut searching) {
                idle.found(|| queues.is_more());
            } else if worker.is_more() {
                idle.notify_of_own();
            }
            idle.ensure_watcher();
            has_ended |= owner.run(task);
            polls = polls.wrapping_add(1);
            if polls.is_multiple_of(POLLS_PER_TURN) {
                driver.turn();
            }
        }
    }
    // ANCHOR_END: run
}

/// Spawns tasks on one pool, from any thread.
pub type Spawner = spawner::Spawner<Arc<SharedOwner<StealingScheduler>>>;

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
