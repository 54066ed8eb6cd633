//! Stage 5: threads that share one queue. Each worker takes the next task, polls it, and comes back
//! for more. Workers sleep in a `Condvar` while the queue is empty. Two tasks can be polled at the
//! same moment; one task is polled by one worker at a time.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Wake, Waker},
};

use crate::{
    parts::{
        event,
        join::{JoinHandle, Reporter},
    },
    sync::{Condvar, Mutex, lock, thread},
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
    /// The executor was dropped during the current poll, so that poll is the last one. (Stage 4
    /// does not need this: its `block_on` borrows the executor while it polls.)
    last_poll: bool,
}
// ANCHOR_END: task

/// What the workers, the tasks and their wakers share.
struct Shared {
    tasks: Mutex<Tasks>,
    /// Tells sleeping workers that `tasks` has changed.
    changed: Condvar,
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
    /// Puts a task into the queue first, and ends the sleep of one worker second.
    fn push(&self, task: Arc<Task>) {
        event::queue("enqueue", task.id);
        let mut tasks = lock(&self.tasks);
        if !tasks.closed {
            tasks.queue.push_back(task);
        }
        // Release the lock first. If the executor was dropped, the end of this function drops
        // `task`: that may wake other tasks, and a wake needs the lock.
        drop(tasks);
        self.changed.notify_one();
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

    // ANCHOR: pop
    /// Takes the task that has waited longest. While the queue is empty, the worker sleeps. Returns
    /// `None` once the executor was dropped.
    fn pop(&self) -> Option<Arc<Task>> {
        let mut tasks = lock(&self.tasks);
        // A loop, because a sleep may end without a cause, and because another worker may be
        // faster.
        while !tasks.closed && tasks.queue.is_empty() {
            tasks = self.changed.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
        let task = if tasks.closed { None } else { tasks.queue.pop_front() }?;
        drop(tasks);
        event::queue("dequeue", task.id);
        Some(task)
    }
    // ANCHOR_END: pop

    // ANCHOR: close
    /// Ends all workers, each after its current poll. Tasks that are woken later do not enter the
    /// queue.
    fn stop(&self) {
        lock(&self.tasks).closed = true;
        self.changed.notify_all();
    }

    /// Drops the future of every task.
    fn drop_futures(&self) {
        let mut tasks = lock(&self.tasks);
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
        if state.last_poll {
            drop(state);
            return drop(future);
        }
        state.future = Some(future);
        let was_woken = state.queued;
        drop(state);
        if was_woken {
            Arc::clone(&self.shared).push(self);
        }
    }
    // ANCHOR_END: run

    /// Drops the future of a task that will not be polled again. During a poll, the end of that
    /// poll drops it.
    fn drop_future(&self) {
        let mut state = lock(&self.state);
        state.last_poll = true;
        let future = state.future.take();
        drop(state);
        drop(future);
    }
}

/// An executor with threads of its own, its workers.
///
/// It is first come, first served: the workers take the tasks from the queue in order. A thread
/// that is no worker can wait for a task: it calls [`block_on`](crate::s2_block_on::block_on) with
/// the task's join handle.
pub struct Pool {
    spawner: Spawner,
    workers: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    // ANCHOR: new
    /// Starts this many workers.
    ///
    /// # Panics
    ///
    /// If the number is 0, or if the system refuses a thread.
    pub fn new(workers: usize) -> Self {
        assert!(workers > 0, "a pool needs at least one worker");
        let tasks = Mutex::new(Tasks { queue: VecDeque::new(), all: BTreeMap::new(), closed: false });
        let shared = Arc::new(Shared { tasks, changed: Condvar::new() });
        let mut pool = Pool { spawner: Spawner(Arc::clone(&shared)), workers: Vec::new() };
        for number in 0..workers {
            let shared = Arc::clone(&shared);
            let worker = thread::Builder::new().name(format!("worker {number}")).spawn(move || run_worker(&shared));
            pool.workers.push(worker.expect("the system should give a thread for each worker"));
        }
        pool
    }
    // ANCHOR_END: new

    /// See [`Spawner::spawn`].
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
    }

    /// Returns a [`Spawner`], which spawns tasks on this executor from any thread and inside tasks.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.spawner.0.tasks).queue.len()
    }
}

// ANCHOR: work
/// Polls one task after another until the executor is dropped.
fn run_worker(shared: &Shared) {
    while let Some(task) = shared.pop() {
        task.run();
    }
}
// ANCHOR_END: work

impl Drop for Pool {
    // ANCHOR: drop
    /// Waits until each worker has ended its current poll, then drops the futures of all tasks, on
    /// this thread. Their handles report
    /// [`JoinError::Cancelled`](crate::parts::join::JoinError::Cancelled).
    fn drop(&mut self) {
        let shared = &self.spawner.0;
        shared.stop();
        for worker in self.workers.drain(..) {
            // A task may drop its own pool. Then this code runs on a worker, which must not wait
            // for itself.
            if worker.thread().id() != thread::current().id() {
                // A worker never panics: it polls reporters, and a reporter contains all panics.
                drop(worker.join());
            }
        }
        shared.drop_futures();
    }
    // ANCHOR_END: drop
}

/// Spawns tasks on one executor. It may be cloned, sent to other threads and kept by tasks.
#[derive(Clone)]
pub struct Spawner(Arc<Shared>);

impl Spawner {
    // ANCHOR: spawn
    /// Makes a task of the future and puts it into the queue. A worker may poll it before
    /// `spawn` returns. If the executor was dropped, the future is dropped at once, and the handle
    /// reports that the task was cancelled.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let (reporter, cell) = Reporter::new(future);
        let state = Mutex::new(State { future: Some(Box::pin(reporter)), queued: true, last_poll: false });
        let task = Arc::new(Task { id: event::next_task(), state, shared: Arc::clone(&self.0) });
        let handle = JoinHandle::new(cell, Waker::from(Arc::clone(&task)));
        self.0.add(task);
        handle
    }
    // ANCHOR_END: spawn
}
