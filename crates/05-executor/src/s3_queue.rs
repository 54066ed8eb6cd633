//! Stage 3: many tasks, and a queue of those that are worth a poll. A new task enters the queue. A
//! task that returns `Pending` is in no queue, and its waker puts it back. While the queue is
//! empty, the thread sleeps.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    parts::{
        driver::{Driver, POLLS_PER_TURN, Parking},
        event,
        root::Root,
    },
    sync::{Mutex, lock},
};

/// A future of any type, pinned on the heap.
type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

// ANCHOR: task
/// A future, and the queue that its waker puts it into. Its wakers share it: each is an `Arc` of
/// the task.
struct Task {
    id: u64,
    state: Mutex<State>,
    shared: Arc<Shared>,
}

struct State {
    /// `None` during a poll, and after the future has ended.
    future: Option<Work>,
    /// The task is in the queue, or enters it when the current poll ends.
    queued: bool,
}
// ANCHOR_END: task

/// What the executor, its tasks and their wakers share.
struct Shared {
    queue: Mutex<Queue>,
    unparker: Waker,
}

/// The tasks that are worth a poll, in the order of their wakes.
struct Queue {
    tasks: VecDeque<Arc<Task>>,
    /// The executor was dropped, so no thread polls a task any more.
    closed: bool,
}

impl Shared {
    // ANCHOR: push
    /// Puts a task into the queue first, and ends the sleep of the executor second.
    fn push(&self, task: Arc<Task>) {
        event::queue("enqueue", task.id);
        let mut queue = lock(&self.queue);
        if !queue.closed {
            queue.tasks.push_back(task);
        }
        drop(queue);
        self.unparker.wake_by_ref();
    }
    // ANCHOR_END: push

    /// Takes the task that has waited longest.
    fn pop(&self) -> Option<Arc<Task>> {
        let task = lock(&self.queue).tasks.pop_front()?;
        event::queue("dequeue", task.id);
        Some(task)
    }

    /// Empties the queue. Tasks that are woken later do not enter it.
    fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        let tasks = mem::take(&mut queue.tasks);
        drop(queue);
        // The lock is released: a future may wake another task when it is dropped.
        drop(tasks);
    }
}

// ANCHOR: wake
impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        let was_queued = mem::replace(&mut state.queued, true);
        // Woken during its own poll, the task enters the queue at the end of that poll.
        let is_waiting = state.future.is_some();
        drop(state);
        if is_waiting && !was_queued {
            Arc::clone(&self.shared).push(self);
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        Arc::clone(self).wake();
    }
}
// ANCHOR_END: wake

impl Task {
    // ANCHOR: run
    /// Polls the future once. No lock is held meanwhile.
    fn run(self: Arc<Self>) {
        let mut state = lock(&self.state);
        state.queued = false;
        let Some(mut future) = state.future.take() else { return };
        drop(state);
        let waker = Waker::from(Arc::clone(&self));
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return;
        }
        let mut state = lock(&self.state);
        state.future = Some(future);
        let was_woken = state.queued;
        drop(state);
        if was_woken {
            Arc::clone(&self.shared).push(self);
        }
    }
    // ANCHOR_END: run
}

/// An executor on one thread.
///
/// It is first come, first served. A task in the queue waits for one poll of each task in front of
/// it. The root of [`block_on`](Executor::block_on) is not in the queue: once woken, it waits for
/// at most one poll of a task.
pub struct Executor<D = Parking> {
    spawner: Spawner,
    driver: RefCell<D>,
    /// The number of polls since the driver's last turn.
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
        let queue = Mutex::new(Queue { tasks: VecDeque::new(), closed: false });
        let spawner = Spawner(Arc::new(Shared { queue, unparker: driver.unparker() }));
        Executor { spawner, driver: RefCell::new(driver), polls: Cell::new(0) }
    }

    /// See [`Spawner::spawn`].
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.spawner.spawn(future);
    }

    /// Returns a handle that spawns tasks on this executor, from any thread and from inside a task.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    // ANCHOR: block_on
    /// Runs `root` to its end on this thread, and polls tasks meanwhile. A task that is not ready
    /// by then waits for the next call.
    ///
    /// # Panics
    ///
    /// If `root` or a task panics. That task is dropped; the executor can be used again.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let wakes = Root::new(self.driver.borrow().unparker());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut root = pin!(root);
        loop {
            if wakes.take_wake() {
                self.count_poll();
                if let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return output;
                }
            }
            if !self.run_next() && !wakes.is_woken() {
                // A wake that comes between the look and the sleep has unparked this thread: then
                // `park` returns at once.
                self.driver.borrow_mut().park(None);
            }
        }
    }
    // ANCHOR_END: block_on

    /// Polls tasks until the queue is empty, and does not wait.
    ///
    /// # Panics
    ///
    /// If a task panics, as in [`block_on`](Executor::block_on).
    pub fn run_until_stalled(&self) {
        while self.try_tick() {}
    }

    /// Polls the next task in the queue. Returns `false` if there is none.
    ///
    /// # Panics
    ///
    /// If the task panics, as in [`block_on`](Executor::block_on).
    pub fn try_tick(&self) -> bool {
        self.run_next() || {
            // The driver may know of a task to wake.
            self.driver.borrow_mut().turn();
            self.run_next()
        }
    }

    fn run_next(&self) -> bool {
        let Some(task) = self.spawner.0.pop() else { return false };
        self.count_poll();
        task.run();
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

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.spawner.0.queue).tasks.len()
    }
}

impl<D> Drop for Executor<D> {
    /// Drops the tasks in the queue. A task that waits lives as long as its wakers.
    fn drop(&mut self) {
        self.spawner.0.close();
    }
}

/// Spawns tasks on one executor. It may be cloned, sent to other threads and kept by tasks.
#[derive(Clone)]
pub struct Spawner(Arc<Shared>);

impl Spawner {
    // ANCHOR: spawn
    /// Makes a task of the future and puts it into the queue. The future is not polled here. If the
    /// executor was dropped, the future is dropped at once.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let state = Mutex::new(State { future: Some(Box::pin(future)), queued: true });
        self.0.push(Arc::new(Task { id: event::next_task(), state, shared: Arc::clone(&self.0) }));
    }
    // ANCHOR_END: spawn
}
