//! Stage 7: the same as stage 4, and fast. A task lives in a slot that the last one has left warm.
//! Its own thread wakes, queues, counts and joins it without one atomic step; other threads have a
//! word and a stack of their own. The price: a join handle stays on the thread.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures::{
    future::{FutureObj, LocalFutureObj},
    task::{LocalSpawn, Spawn, SpawnError},
};

use crate::parts::{
    driver::{Driver, POLLS_PER_TURN, Parking},
    event,
    fast::{Owner, Ran, with_current},
};
pub use crate::parts::{
    fast::{AbortHandle, JoinHandle},
    task::JoinError,
};

/// How many polls there are at most between two looks at the driver, and at those whom other
/// threads have woken. A little less than it may be, and no divisor of what programs count by.
const POLLS_PER_LOOK: u32 = 61;
const _: () = assert!(POLLS_PER_LOOK <= POLLS_PER_TURN);

/// An executor on one thread.
///
/// First come, first served, also the future of [`block_on`](Executor::block_on), which has its
/// place in the queue: who is in it is polled after at most as many polls of others as were in
/// front.
///
/// It stays on its thread, with its futures, which need not be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_executor::s7_fast::Executor::new();
/// std::thread::spawn(move || executor.run_until_stalled());
/// ```
pub struct Executor<D = Parking> {
    spawner: Spawner,
    driver: RefCell<D>,
    /// Since the last look.
    polls: Cell<u32>,
}

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
        let spawner = Spawner(Owner::new(driver.unparker()));
        Executor { spawner, driver: RefCell::new(driver), polls: Cell::new(0) }
    }

    // ANCHOR: spawn
    /// Makes a task of the future, and puts it into the queue. It is not polled here. What it
    /// gives, the handle is for; if that is dropped, the task runs on.
    #[inline]
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
    /// for the next call. If it is ready at once, no task is run, and the driver has no turn.
    ///
    /// # Panics
    ///
    /// If this thread runs an executor already.
    #[inline]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = self.spawner.0.enter();
        let mut future = pin!(future);
        let waker = self.spawner.0.root();
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => output,
            Poll::Pending => self.wait_for(future),
        }
    }

    /// Apart, so that a future that is ready at once costs no more than a call.
    #[inline(never)]
    fn wait_for<F: Future>(&self, mut future: Pin<&mut F>) -> F::Output {
        let waker = self.spawner.0.root();
        loop {
            self.run_until_root();
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.count_poll();
                return output;
            }
        }
    }

    /// Runs tasks until the future of [`block_on`](Executor::block_on) is woken.
    fn run_until_root(&self) {
        loop {
            self.count_poll();
            match self.spawner.0.run_next() {
                Ran::Task => {}
                Ran::Root => return,
                // Whoever on another thread has woken somebody since has unparked since, and then
                // this returns at once. On this one it is the driver alone, which knows.
                Ran::Nobody => self.driver.borrow_mut().park(None),
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
        let _entered = self.spawner.0.enter();
        while self.tick() {}
    }

    /// Polls the next in the queue; `false` if there is none.
    ///
    /// # Panics
    ///
    /// If this thread runs an executor already.
    pub fn try_tick(&self) -> bool {
        let _entered = self.spawner.0.enter();
        self.tick()
    }

    // ANCHOR: run
    fn tick(&self) -> bool {
        self.run_task() || {
            // Who only ticks looks after those, too, who wait for the driver.
            self.driver.borrow_mut().turn();
            self.run_task()
        }
    }

    fn run_task(&self) -> bool {
        loop {
            match self.spawner.0.run_next() {
                Ran::Task => break,
                // That of a `block_on` that is over: somebody has its waker still.
                Ran::Root => {}
                Ran::Nobody => return false,
            }
        }
        self.count_poll();
        true
    }

    /// However many are in the queue, now and then the driver has its turn, and so have other
    /// threads.
    #[inline]
    fn count_poll(&self) {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() == POLLS_PER_LOOK {
            self.polls.set(0);
            event::turn();
            self.driver.borrow_mut().turn();
            self.spawner.0.drain();
        }
    }
    // ANCHOR_END: run

    /// How many tasks are in the queue.
    pub fn queue_len(&self) -> usize {
        self.spawner.0.queue_len()
    }
}

impl<D> Drop for Executor<D> {
    // ANCHOR: drop
    /// Drops every future, on this thread, whether its task is queued or waits. Handles and wakers
    /// may outlive that.
    fn drop(&mut self) {
        let _current = self.spawner.0.make_current();
        self.spawner.0.close();
    }
    // ANCHOR_END: drop
}

/// Spawns tasks on its executor, on whose thread it stays.
#[derive(Clone)]
pub struct Spawner(Owner);

/// Makes a task, as [`Executor::spawn`], of the executor that this thread runs.
///
/// # Panics
///
/// If it runs none.
#[inline]
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let task = with_current(|owner| owner.spawn(future));
    task.expect("spawn is for inside a task, or what else an executor of this stage polls or drops")
}

impl Spawner {
    /// Makes a task, as [`Executor::spawn`].
    #[inline]
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future)
    }

    fn status(&self) -> Result<(), SpawnError> {
        if self.0.is_closed() { Err(SpawnError::shutdown()) } else { Ok(()) }
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
