//! Stage 4: one thread again, and no atomic step on it. The executor's own thread wakes, queues,
//! counts and joins tasks with plain loads and stores; other threads have a word and a list of
//! their own. A new task takes the slot that the last one has left in the cache. The price: a join
//! handle stays on the thread.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use lesson_executor::parts::driver::{Driver, POLLS_PER_TURN, Parking};
pub use lesson_executor::parts::join::JoinError;

use crate::parts::{current::OUTSIDE, event, spawner};

mod contents;
mod core_ref;
mod executor_core;
mod join;
mod linked_queue;
mod owner_word;
mod remote_wakes;
mod remote_word;
mod returned_slots;
mod slab;
mod slot;
mod waker;

use core_ref::{CoreRef, Ran, with_current_core};
pub use join::{AbortHandle, JoinHandle};

/// The maximum number of polls between two looks at the driver and at the wakes of other threads.
/// It is a little less than [`POLLS_PER_TURN`] allows, and prime: so it does not resonate with
/// loops of round numbers.
const POLLS_PER_LOOK: u32 = 61;
const _: () = assert!(POLLS_PER_LOOK <= POLLS_PER_TURN);

/// An executor on one thread.
///
/// It is first come, first served, also for the root, the future of
/// [`block_on`](Executor::block_on): it has a place in the queue. A task in the queue waits for one
/// poll of each task in front of it.
///
/// The executor's thread takes no atomic step for its own tasks, except for wakers that outlive
/// their task. A wake from another thread takes one. A task goes through these states:
///
/// ```text
///                     wake               poll            ready, panicked or aborted
///   idle ─────────────────────> queued ──────────> idle ────────────────────────────> ended
///     │                           ^
///     │ wake from                 │ the executor's thread takes the wakes
///     │ another thread            │ of other threads
///     └─────────────> woken ──────┘
/// ```
///
/// The slot of a task that has ended is free when its handle and its last reference are gone.
///
/// The executor stays on its thread, with its futures, which need not be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_fast_executor::s4_no_atomics::Executor::new();
/// std::thread::spawn(move || executor.run_until_stalled());
/// ```
pub struct Executor<D = Parking> {
    spawner: Spawner,
    driver: RefCell<D>,
    /// The number of polls since the last look.
    polls: Cell<u32>,
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
        let spawner = spawner::Spawner(CoreRef::new(driver.unparker()));
        Executor { spawner, driver: RefCell::new(driver), polls: Cell::new(0) }
    }

    // ANCHOR: spawn
    /// Makes a task of the future and puts it into the queue. The future is not polled here. If the
    /// handle is dropped, the task runs on.
    #[inline]
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
    /// by then waits for the next call. If `root` is ready at once, no task is polled, and the
    /// driver has no turn.
    ///
    /// # Panics
    ///
    /// If this thread already runs an executor, or if `root` panics.
    #[inline]
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let _entered = self.spawner.0.enter();
        let mut root = pin!(root);
        let waker = self.spawner.0.root_waker();
        match root.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => output,
            Poll::Pending => self.wait_for(root),
        }
    }

    /// Not inlined, so that a root that is ready at once costs no more than a call.
    #[inline(never)]
    fn wait_for<F: Future>(&self, mut root: Pin<&mut F>) -> F::Output {
        let waker = self.spawner.0.root_waker();
        loop {
            self.run_until_root();
            if let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.count_poll();
                return output;
            }
        }
    }

    /// Polls tasks until the root is woken.
    fn run_until_root(&self) {
        loop {
            self.count_poll();
            match self.spawner.0.run_next() {
                Ran::Task => {}
                Ran::Root => return,
                // Another thread that has woken a task since the look has also unparked this
                // thread: then `park` returns at once. On this thread only the driver can wake one
                // now, and the driver knows that.
                Ran::Nothing => self.driver.borrow_mut().park(None),
            }
        }
    }
    // ANCHOR_END: block_on

    /// Polls tasks until the queue is empty, and does not wait.
    ///
    /// # Panics
    ///
    /// If this thread already runs an executor.
    pub fn run_until_stalled(&self) {
        let _entered = self.spawner.0.enter();
        while self.tick() {}
    }

    /// Polls the next task in the queue. Returns `false` if there is none.
    ///
    /// # Panics
    ///
    /// If this thread already runs an executor.
    pub fn try_tick(&self) -> bool {
        let _entered = self.spawner.0.enter();
        self.tick()
    }

    // ANCHOR: run
    fn tick(&self) -> bool {
        self.run_task() || {
            // The driver may know of a task to wake.
            self.driver.borrow_mut().turn();
            self.run_task()
        }
    }

    fn run_task(&self) -> bool {
        loop {
            match self.spawner.0.run_next() {
                Ran::Task => break,
                // The root of a `block_on` that has ended: its waker was kept and woken.
                Ran::Root => {}
                Ran::Nothing => return false,
            }
        }
        self.count_poll();
        true
    }

    /// Counts a poll. When a look is due, gives the driver its turn and takes the wakes of other
    /// threads.
    #[inline]
    fn count_poll(&self) {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() == POLLS_PER_LOOK {
            self.polls.set(0);
            event::turn();
            self.driver.borrow_mut().turn();
            self.spawner.0.take_remote_wakes();
        }
    }
    // ANCHOR_END: run

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        self.spawner.0.queue_len()
    }
}

impl<D> Drop for Executor<D> {
    // ANCHOR: drop
    /// Drops the future of every task on this thread. Handles and wakers may live longer.
    fn drop(&mut self) {
        let _current = self.spawner.0.make_current();
        self.spawner.0.close();
    }
    // ANCHOR_END: drop
}

/// Spawns tasks on one executor, on the thread of that executor.
pub type Spawner = spawner::Spawner<CoreRef>;

/// Makes a task on the executor that this thread runs, as [`Executor::spawn`] does.
///
/// # Panics
///
/// If this thread runs no executor of this stage.
#[inline]
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    with_current_core(|core| core.spawn(future)).expect(OUTSIDE)
}

impl Spawner {
    /// Makes a task of the future and puts it into the queue. The executor may have been dropped:
    /// then the future is dropped at once, and the handle reports that the task was cancelled.
    #[inline]
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future)
    }
}
