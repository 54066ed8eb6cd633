//! Stage 5: the tasks run on a pool of threads, the workers, which take them from one queue. Who
//! blocks on a future is no worker. A worker that finds nothing sleeps; a wake wakes one of those
//! that sleep, and costs no call of the kernel if none does.

use std::{
    cell::RefCell,
    future::Future,
    mem,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures::{
    future::FutureObj,
    task::{Spawn, SpawnError},
};

pub use crate::parts::task::{AbortHandle, JoinError, JoinHandle};
use crate::{
    parts::{
        driver::{Driver, POLLS_PER_TURN, Parking},
        enter::enter,
        idle::Idle,
        queue::Queue,
        root::Root,
        seats::Seats,
        shared_owner::SharedOwner,
        task::{Schedule, Woken},
    },
    sync::{thread, thread_local},
};

/// An executor on a number of threads.
///
/// First come, first served: a task that is in the queue is taken from there after those that were
/// in front of it. A future is polled now here, now there, and so it must be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_executor::s5_pool::Executor::new(2);
/// let local = std::rc::Rc::new(5);
/// executor.spawn(async move { *local });
/// ```
pub struct Executor {
    spawner: Spawner,
    workers: Vec<thread::JoinHandle<()>>,
}

/// The tasks that are worth a poll, and who may come for them.
struct RunQueue {
    queue: Queue<Woken>,
    idle: Idle,
}

// ANCHOR: wake
impl Schedule for RunQueue {
    fn schedule(&self, woken: Woken) {
        self.queue.push(woken);
        self.idle.notify();
    }

    fn close(&self) {
        self.queue.close();
    }
}
// ANCHOR_END: wake

impl Executor {
    /// So many workers, each of which sleeps in a parker.
    ///
    /// # Panics
    ///
    /// If that is none, or the system gives no thread.
    pub fn new(workers: usize) -> Self {
        Executor::start(workers, Seats::new(None))
    }

    /// So many workers, one of which, when it has nothing to do, sleeps in this driver. They have
    /// it look after others, too: each after [`POLLS_PER_TURN`] polls at the latest. Only one at a
    /// time is in the driver. If it panics, the process is aborted.
    ///
    /// # Panics
    ///
    /// As [`Executor::new`].
    pub fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self {
        Executor::start(workers, Seats::new(Some(Box::new(driver))))
    }

    // ANCHOR: start
    fn start(workers: usize, seats: Seats) -> Self {
        assert!(workers > 0, "a pool has one worker at least");
        let queue = RunQueue { queue: Queue::new(), idle: Idle::new(workers) };
        let (spawner, seats) = (Spawner(Arc::new(SharedOwner::new(queue))), Arc::new(seats));
        let mut executor = Executor { spawner, workers: Vec::new() };
        for number in 0..workers {
            let worker = Worker { number, spawner: executor.spawner.clone(), seats: Arc::clone(&seats) };
            let thread = thread::Builder::new().name(format!("worker {number}")).spawn(|| Seats::run(|| worker.run()));
            executor.workers.push(thread.expect("the system gives a thread for each worker"));
        }
        executor
    }
    // ANCHOR_END: start

    // ANCHOR: spawn
    /// Makes a task of the future, and puts it into the queue. What it gives, the handle is for; if
    /// that is dropped, the task runs on.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
    }

    /// What can spawn tasks of this executor, and may be cloned and kept, by its tasks too. Once
    /// the executor is gone, what is spawned is dropped at once.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }
    // ANCHOR_END: spawn

    // ANCHOR: block_on
    /// Polls this future on this thread, until it is ready. The tasks run beside, as they do before
    /// and after.
    ///
    /// # Panics
    ///
    /// If this thread runs an executor already: in a task, for example.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = (enter(), self.spawner.make_current());
        let mut parking = Parking::default();
        let root = Root::new(parking.unparker());
        let waker = Waker::from(root.clone());
        let mut future = pin!(future);
        loop {
            if root.take_wake()
                && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            if !root.is_woken() {
                parking.park(None);
            }
        }
    }
    // ANCHOR_END: block_on
}

impl Drop for Executor {
    // ANCHOR: drop
    /// Stops the workers, waits until each has ended the poll that it is in, and drops all futures
    /// that are left, on this thread. In a poll of its own tasks it does not wait for that one.
    /// Handles and wakers may outlive it.
    fn drop(&mut self) {
        self.spawner.0.scheduler().idle.close();
        let others =
            mem::take(&mut self.workers).into_iter().filter(|worker| worker.thread().id() != thread::current().id());
        // None of them panics: `Seats::run`.
        others.for_each(|worker| drop(worker.join()));
        let _current = self.spawner.make_current();
        self.spawner.0.close();
    }
    // ANCHOR_END: drop
}

/// One of the threads.
struct Worker {
    number: usize,
    spawner: Spawner,
    seats: Arc<Seats>,
}

impl Worker {
    // ANCHOR: run
    fn run(self) {
        let _entered = (enter(), self.spawner.make_current());
        let Worker { number, spawner: Spawner(owner), seats } = &self;
        let RunQueue { queue, idle } = owner.scheduler();
        let (mut parking, mut polls, mut searching) = (Parking::default(), 0, false);
        while !idle.is_closed() {
            let Some(woken) = queue.pop() else {
                let is_more = || !queue.is_empty();
                searching = seats.sit(*number, &mut parking, |seat| idle.sleep(seat, searching, is_more));
                continue;
            };
            if mem::take(&mut searching) {
                idle.found(|| !queue.is_empty());
            }
            idle.see_to_a_watch();
            owner.run(woken);
            polls += 1;
            if polls == POLLS_PER_TURN {
                polls = 0;
                seats.turn();
            }
        }
    }
    // ANCHOR_END: run
}

/// Spawns tasks on its executor, from any thread.
#[derive(Clone)]
pub struct Spawner(Arc<SharedOwner<RunQueue>>);

thread_local! {
    /// That of the executor whose worker this thread is, or which it blocks on.
    static CURRENT: RefCell<Option<Spawner>> = const { RefCell::new(None) };
}

/// Makes a task, as [`Executor::spawn`], of the executor that this thread runs.
///
/// # Panics
///
/// If it runs none.
pub fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
    let spawned = CURRENT.with(|current| {
        let current = current.borrow();
        let Spawner(owner) = current.as_ref().expect("spawn is for inside a task, or what else a pool polls or drops");
        owner.spawn(future)
    });
    // What is refused is dropped here, where nothing is borrowed.
    spawned.0
}

impl Spawner {
    /// Makes a task, as [`Executor::spawn`].
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future).0
    }

    fn make_current(&self) -> Current {
        // At the thread's end it may be gone before an executor that stands beside it, and then
        // nobody spawns by it.
        Current { outer: CURRENT.try_with(|current| current.replace(Some(self.clone()))).ok().flatten() }
    }
}

/// While it is there, [`spawn`] spawns on one executor. Then it is the one of before again, if
/// there was one.
struct Current {
    outer: Option<Spawner>,
}

impl Drop for Current {
    fn drop(&mut self) {
        // The last one, if it goes, takes tasks along: not while it is borrowed.
        let inner = CURRENT.try_with(|current| current.replace(self.outer.take()));
        drop(inner);
    }
}

impl Spawn for Spawner {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.status().map(|()| drop(self.spawn(future)))
    }

    fn status(&self) -> Result<(), SpawnError> {
        if self.0.is_closed() { Err(SpawnError::shutdown()) } else { Ok(()) }
    }
}
