//! Stage 3: many tasks, and a queue of those that are worth a poll. A new task goes into it; polled
//! and pending, a task is off the queue; and its waker puts it back. If the queue is empty, the
//! thread sleeps.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

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
pub struct Executor<D = Parking> {
    owner: Owner<RunQueue>,
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
        Executor { owner: Owner::new(queue), driver: RefCell::new(driver), polls: Cell::new(0) }
    }

    // ANCHOR: spawn
    /// Makes a task of the future, and puts it into the queue. It is not polled here.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        drop(self.owner.spawn(future));
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
        let _entered = enter();
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
        let _entered = enter();
        self.run_next() || {
            // Who only ticks looks after those, too, who wait for the driver.
            self.driver.borrow_mut().turn();
            self.run_next()
        }
    }

    // ANCHOR: run
    fn run_next(&self) -> bool {
        let Some(woken) = self.owner.scheduler().queue.pop() else { return false };
        self.owner.run(woken);
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
        self.owner.scheduler().queue.len()
    }
}
