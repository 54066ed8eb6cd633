//! Stage 4: spawn from anywhere on the thread, also inside a task, and get a handle: for the task's
//! output or its panic, to cancel it, or to be dropped, and then the task runs on. When the
//! executor goes, so do all its tasks, here and now.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use futures::{
    future::{FutureObj, LocalFutureObj},
    task::{LocalSpawn, Spawn, SpawnError},
};

pub use crate::parts::task::{AbortHandle, JoinError, JoinHandle};
use crate::parts::{
    driver::{Driver, POLLS_PER_TURN, Parking},
    enter::enter,
    event,
    owner::Owner,
    queue::Queue,
    root::Root,
    task::{Schedule, Woken},
};

/// An executor on one thread.
///
/// First come, first served: a task that is in the queue is polled after at most as many polls of
/// other tasks as were in front of it. The future of [`block_on`](Executor::block_on) has its turn
/// after each of them.
///
/// It stays on its thread, with its futures, which need not be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_executor::s4_spawn::Executor::new();
/// std::thread::spawn(move || executor.run_until_stalled());
/// ```
pub struct Executor<D = Parking> {
    spawner: Spawner,
    driver: RefCell<D>,
    /// Since the driver last had its turn.
    polls: Cell<u32>,
}

/// The tasks that are worth a poll.
struct RunQueue {
    queue: Queue<Woken>,
    unparker: Waker,
}

// ANCHOR: wake
impl Schedule for RunQueue {
    fn schedule(&self, woken: Woken) {
        self.queue.push(woken);
        self.unparker.wake_by_ref();
    }

    fn close(&self) {
        self.queue.close();
    }
}
// ANCHOR_END: wake

impl Executor {
    /// An executor that sleeps in a parker.
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
    /// An executor that sleeps in this driver.
    pub fn with_driver(driver: D) -> Self {
        let queue = RunQueue { queue: Queue::new(), unparker: driver.unparker() };
        Executor { spawner: Spawner(Rc::new(Owner::new(queue))), driver: RefCell::new(driver), polls: Cell::new(0) }
    }

    // ANCHOR: spawn
    /// Makes a task of the future, and puts it into the queue. It is not polled here. What it
    /// gives, the handle is for; if that is dropped, the task runs on.
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
    }

    /// What can spawn tasks of this executor, and may be cloned and kept, by its tasks too. Once
    /// the executor is gone, what is spawned is dropped at once.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }
    // ANCHOR_END: spawn

    // ANCHOR: block_on
    /// Runs this future to its end, and the tasks meanwhile. Those that have not ended then stay
    /// for the next call.
    ///
    /// # Panics
    ///
    /// If this thread runs an executor already.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = (enter(), self.spawner.make_current());
        let root = Root::new(self.driver.borrow().unparker());
        let waker = Waker::from(root.clone());
        let mut future = pin!(future);
        loop {
            if root.take_wake() {
                let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
                self.count_poll();
                if let Poll::Ready(output) = polled {
                    return output;
                }
            }
            if !self.run_next() && !root.is_woken() {
                // Whoever has woken somebody since has unparked since, and then this returns at
                // once.
                self.driver.borrow_mut().park(None);
            }
        }
    }
    // ANCHOR_END: block_on

    /// Polls whoever is in the queue, or comes into it meanwhile, and does not wait.
    ///
    /// # Panics
    ///
    /// If this thread runs an executor already.
    pub fn run_until_stalled(&self) {
        while self.try_tick() {}
    }

    /// Polls the next in the queue; `false` if there is none.
    ///
    /// # Panics
    ///
    /// If this thread runs an executor already.
    pub fn try_tick(&self) -> bool {
        let _entered = (enter(), self.spawner.make_current());
        self.run_next() || {
            // Who only ticks looks after those, too, who wait for the driver.
            self.driver.borrow_mut().turn();
            self.run_next()
        }
    }

    // ANCHOR: run
    fn run_next(&self) -> bool {
        let Some(woken) = self.spawner.0.scheduler().queue.pop() else { return false };
        self.spawner.0.run(woken);
        self.count_poll();
        true
    }

    /// However many are in the queue, now and then the driver has its turn.
    fn count_poll(&self) {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() == POLLS_PER_TURN {
            self.polls.set(0);
            event::turn();
            self.driver.borrow_mut().turn();
        }
    }
    // ANCHOR_END: run

    /// How many tasks are in the queue.
    pub fn queue_len(&self) -> usize {
        self.spawner.0.scheduler().queue.len()
    }
}

impl<D> Drop for Executor<D> {
    // ANCHOR: drop
    /// Drops every future, on this thread, whether its task is queued or waits. Handles and wakers
    /// may outlive that.
    fn drop(&mut self) {
        let _current = self.spawner.make_current();
        self.spawner.0.close();
    }
    // ANCHOR_END: drop
}

/// Spawns tasks on its executor, on whose thread it stays.
#[derive(Clone)]
pub struct Spawner(Rc<Owner<RunQueue>>);

thread_local! {
    /// That of the executor that this thread runs.
    static CURRENT: RefCell<Option<Spawner>> = const { RefCell::new(None) };
}

/// Makes a task, as [`Executor::spawn`], of the executor that this thread runs.
///
/// # Panics
///
/// If it runs none.
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let current = CURRENT.with_borrow(Clone::clone);
    current.expect("spawn is for inside a task, or what else an executor of this stage polls or drops").spawn(future)
}

impl Spawner {
    /// Makes a task, as [`Executor::spawn`].
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future)
    }

    fn make_current(&self) -> Current {
        // At the thread's end it may be gone before an executor that stands beside it, and then
        // nobody spawns by it.
        Current { outer: CURRENT.try_with(|current| current.replace(Some(self.clone()))).ok().flatten() }
    }

    fn status(&self) -> Result<(), SpawnError> {
        if self.0.is_closed() { Err(SpawnError::shutdown()) } else { Ok(()) }
    }
}

/// While it is there, [`spawn`] spawns on one executor. Then it is the one of before again, if
/// there was one.
struct Current {
    outer: Option<Spawner>,
}

impl Drop for Current {
    fn drop(&mut self) {
        // The last one, if it goes, takes an executor's tasks along: not while it is borrowed.
        let inner = CURRENT.try_with(|current| current.replace(self.outer.take()));
        drop(inner);
    }
}

impl LocalSpawn for Spawner {
    fn spawn_local_obj(&self, future: LocalFutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.status().map(|()| drop(self.spawn(future)))
    }

    fn status_local(&self) -> Result<(), SpawnError> {
        self.status()
    }
}

impl Spawn for Spawner {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.status().map(|()| drop(self.spawn(future)))
    }

    fn status(&self) -> Result<(), SpawnError> {
        self.status()
    }
}
