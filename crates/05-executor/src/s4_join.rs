//! Stage 4: the end of a task. `spawn` returns a join handle, which gives the task's output,
//! reports its panic and can cancel it. And the executor keeps all its tasks, so that none outlives
//! it.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
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
        join::{JoinHandle, Reporter},
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
    /// All tasks that have not ended, by their numbers. The tasks refer to `Shared` in turn; the
    /// end of a task and the end of the executor break that cycle.
    all: BTreeMap<u64, Arc<Task>>,
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

    /// Adds a new task. If the executor was dropped, its future is dropped at once.
    fn add(&self, task: Arc<Task>) {
        let mut tasks = lock(&self.tasks);
        if tasks.closed {
            drop(tasks);
            return task.drop_future();
        }
        tasks.all.insert(task.id, Arc::clone(&task));
        drop(tasks);
        self.push(task);
    }

    /// Takes the task that has waited longest.
    fn pop(&self) -> Option<Arc<Task>> {
        let task = lock(&self.tasks).queue.pop_front()?;
        event::queue("dequeue", task.id);
        Some(task)
    }

    // ANCHOR: close
    /// Drops the future of every task. Tasks that are woken later do not enter the queue.
    fn close(&self) {
        let mut tasks = lock(&self.tasks);
        tasks.closed = true;
        let (queue, all) = (mem::take(&mut tasks.queue), mem::take(&mut tasks.all));
        drop(tasks);
        // The lock is released: the drop of a future may wake another task, and a wake needs the
        // lock.
        drop(queue);
        all.into_values().for_each(|task| task.drop_future());
    }
    // ANCHOR_END: close
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
            // A name for the removed task: it is dropped after the lock is released.
            let _task = lock(&self.shared.tasks).all.remove(&self.id);
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

    /// Drops the future of a task that will not be polled again.
    fn drop_future(&self) {
        let future = lock(&self.state).future.take();
        drop(future);
    }
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
        let tasks = Mutex::new(Tasks { queue: VecDeque::new(), all: BTreeMap::new(), closed: false });
        let spawner = Spawner(Arc::new(Shared { tasks, unparker: driver.unparker() }));
        Executor { spawner, driver: RefCell::new(driver), polls: Cell::new(0) }
    }

    /// See [`Spawner::spawn`].
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
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
    /// If `root` panics. The panic of a task reaches its join handle instead.
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
    pub fn run_until_stalled(&self) {
        while self.try_tick() {}
    }

    /// Polls the next task in the queue. Returns `false` if there is none.
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
    /// Drops the futures of all tasks, on this thread. Their handles report
    /// [`JoinError::Cancelled`](crate::parts::join::JoinError::Cancelled).
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
    /// executor was dropped, the future is dropped at once, and the handle reports that the task
    /// was cancelled.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let (reporter, cell) = Reporter::new(future);
        let state = Mutex::new(State { future: Some(Box::pin(reporter)), queued: true });
        let task = Arc::new(Task { id: event::next_task(), state, shared: Arc::clone(&self.0) });
        let handle = JoinHandle::new(cell, Waker::from(Arc::clone(&task)));
        self.0.add(task);
        handle
    }
    // ANCHOR_END: spawn
}
