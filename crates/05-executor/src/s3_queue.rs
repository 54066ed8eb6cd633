//! Stage 3: many tasks, and a queue of those to poll next. A new task enters the queue. A task that
//! returns `Pending` is in no queue, and its waker puts it back. While the queue is empty, the
//! thread sleeps.

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
        root::RootWaker,
    },
    sync::{Mutex, lock},
};

/// A future of any type, pinned on the heap.
type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

// ANCHOR: task
/// A future, and the way back to the queue. Every waker of the task is an `Arc` of it.
struct Task {
    id: u64,
    state: Mutex<State>,
    shared: Arc<Shared>,
}

struct State {
    /// `None` during a poll, and after the task has ended.
    future: Option<Work>,
    /// The task is new, or was woken since its last poll began. So it is in the queue, or enters it
    /// when the current poll ends.
    queued: bool,
}
// ANCHOR_END: task

/// What the executor, its tasks and their wakers share.
struct Shared {
    tasks: Mutex<Tasks>,
    unparker: Waker,
}

struct Tasks {
    /// The tasks to poll next, in the order of their wakes.
    queue: VecDeque<Arc<Task>>,
    /// The executor was dropped: no thread takes a task from the queue any more.
    closed: bool,
}

impl Shared {
    // ANCHOR: push
    /// Puts a task into the queue first, and ends the sleep of the executor second.
    fn push(&self, task: Arc<Task>) {
        event::queue("enqueue", task.id);
        let mut tasks = lock(&self.tasks);
        if !tasks.closed {
            tasks.queue.push_back(task);
        }
        // Release the lock first. If the executor was dropped, the end of this function drops
        // `task`: that may wake other tasks, and a wake needs the lock.
        drop(tasks);
        self.unparker.wake_by_ref();
    }
    // ANCHOR_END: push

    /// Takes the task that has waited longest.
    fn pop(&self) -> Option<Arc<Task>> {
        let task = lock(&self.tasks).queue.pop_front()?;
        event::queue("dequeue", task.id);
        Some(task)
    }

    /// Empties the queue. Tasks that are woken later do not enter it.
    fn close(&self) {
        let mut tasks = lock(&self.tasks);
        tasks.closed = true;
        let queue = mem::take(&mut tasks.queue);
        drop(tasks);
        // The lock is released: the drop of a future may wake another task, and a wake needs the
        // lock.
        drop(queue);
    }
}

// ANCHOR: wake
impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        let was_queued = mem::replace(&mut state.queued, true);
        // Without its future, the task is in a poll or has ended. The end of a poll looks at
        // `queued`.
        let has_future = state.future.is_some();
        drop(state);
        if has_future && !was_queued {
            Arc::clone(&self.shared).push(self);
        }
    }
}
// ANCHOR_END: wake

impl Task {
    // ANCHOR: run
    /// Polls the future once. No lock is held meanwhile.
    fn run(self: Arc<Self>) {
        let mut state = lock(&self.state);
        state.queued = false;
        let future = state.future.take();
        drop(state);
        let Some(mut future) = future else { unreachable!("a task in the queue is in no poll and has not ended") };
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
/// it. The root, the future of [`block_on`](Executor::block_on), is not in the queue: once woken,
/// it waits for at most one poll of a task.
pub struct Executor<D = Parking> {
    spawner: Spawner,
    driver: RefCell<D>,
    /// The number of polls since the last call of [`Driver::turn`].
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
        let tasks = Mutex::new(Tasks { queue: VecDeque::new(), closed: false });
        let spawner = Spawner(Arc::new(Shared { tasks, unparker: driver.unparker() }));
        Executor { spawner, driver: RefCell::new(driver), polls: Cell::new(0) }
    }

    /// See [`Spawner::spawn`].
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.spawner.spawn(future);
    }

    /// Returns a [`Spawner`], which spawns tasks on this executor from any thread and inside tasks.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    // ANCHOR: block_on
    /// Runs `root` to its end on this thread, and polls tasks meanwhile. The next call continues
    /// with the tasks that have not ended by then.
    ///
    /// # Panics
    ///
    /// If `root` or a task panics. That task is dropped; the executor can be used again.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let root_waker = RootWaker::new(self.driver.borrow().unparker());
        let waker = Waker::from(Arc::clone(&root_waker));
        let mut root = pin!(root);
        loop {
            if root_waker.take_wake() {
                self.count_poll();
                if let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return output;
                }
            }
            // A wake of the root sets its flag and unparks this thread. But the last poll may have
            // called `block_on` itself, and that call may have used up the unpark. So the flag is
            // checked again before the sleep.
            if !self.run_next() && !root_waker.is_woken() {
                // A wake that comes after both checks unparks this thread: `park` returns at once.
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
            self.turn();
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
            event::turn();
            self.turn();
        }
    }

    fn turn(&self) {
        self.polls.set(0);
        self.driver.borrow_mut().turn();
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.spawner.0.tasks).queue.len()
    }
}

impl<D> Drop for Executor<D> {
    /// Empties the queue. A task lives on while one of its wakers is kept elsewhere.
    fn drop(&mut self) {
        self.spawner.0.close();
    }
}

/// Spawns tasks on one executor. It may be cloned, sent to other threads and kept by tasks.
#[derive(Clone)]
pub struct Spawner(Arc<Shared>);

impl Spawner {
    // ANCHOR: spawn
    /// Makes a task of the future and puts it into the queue. `spawn` itself does not poll. If the
    /// executor was dropped, the future is dropped at once.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        let state = Mutex::new(State { future: Some(Box::pin(future)), queued: true });
        self.0.push(Arc::new(Task { id: event::next_task(), state, shared: Arc::clone(&self.0) }));
    }
    // ANCHOR_END: spawn
}
