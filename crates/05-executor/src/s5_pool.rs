//! Stage 5: threads that share one queue. Each worker takes the next task, polls it, and comes
//! back. Workers sleep in a `Condvar` while the queue is empty. Two tasks can be polled at once; one
//! task is polled by one worker at a time.

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
    /// The pool was dropped, so the current poll is the last one.
    dropped: bool,
}
// ANCHOR_END: task

/// What the workers, the tasks and their wakers share.
struct Shared {
    queue: Mutex<Queue>,
    /// Wakes a worker when a task enters the queue, and all workers when the queue closes.
    changed: Condvar,
}

struct Queue {
    /// The tasks that are worth a poll, in the order of their wakes.
    tasks: VecDeque<Arc<Task>>,
    /// All tasks that have not ended, by their numbers.
    all: BTreeMap<u64, Arc<Task>>,
    /// The pool is being dropped, so no thread polls a task any more.
    closed: bool,
}

impl Shared {
    // ANCHOR: push
    /// Puts a task into the queue, and wakes one worker if one sleeps.
    fn push(&self, task: Arc<Task>) {
        event::queue("enqueue", task.id);
        let mut queue = lock(&self.queue);
        if !queue.closed {
            queue.tasks.push_back(task);
        }
        drop(queue);
        self.changed.notify_one();
    }
    // ANCHOR_END: push

    // ANCHOR: add
    /// Adds a new task. If the pool was dropped, its future is dropped at once.
    fn add(&self, task: Arc<Task>) {
        let mut queue = lock(&self.queue);
        if queue.closed {
            drop(queue);
            return task.drop_future();
        }
        queue.all.insert(task.id, Arc::clone(&task));
        drop(queue);
        self.push(task);
    }
    // ANCHOR_END: add

    // ANCHOR: pop
    /// Takes the task that has waited longest. While there is none, the worker sleeps. Returns
    /// `None` when the queue is closed.
    fn pop(&self) -> Option<Arc<Task>> {
        let mut queue = lock(&self.queue);
        // A `while`, because a sleep may end without a cause, and because another worker may have
        // taken the task.
        while !queue.closed && queue.tasks.is_empty() {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.closed {
            return None;
        }
        let task = queue.tasks.pop_front()?;
        drop(queue);
        event::queue("dequeue", task.id);
        Some(task)
    }
    // ANCHOR_END: pop

    // ANCHOR: close
    /// Drops the future of every task. Tasks that are woken later do not enter the queue.
    fn close(&self) {
        let mut queue = lock(&self.queue);
        let (tasks, all) = (mem::take(&mut queue.tasks), mem::take(&mut queue.all));
        drop(queue);
        // The lock is released: a future may wake another task when it is dropped.
        drop(tasks);
        all.into_values().for_each(|task| task.drop_future());
    }
    // ANCHOR_END: close
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
            // The task has ended, so the pool need not keep it.
            let _task = lock(&self.shared.queue).all.remove(&self.id);
            return;
        }
        let mut state = lock(&self.state);
        if state.dropped {
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

    /// Drops the future. During a poll, the end of that poll drops it.
    fn drop_future(&self) {
        let mut state = lock(&self.state);
        state.dropped = true;
        let future = state.future.take();
        drop(state);
        drop(future);
    }
}

/// An executor with threads of its own.
///
/// It is first come, first served: a task in the queue waits until a worker has begun to poll each
/// task in front of it. To wait for a task on a thread that is no worker, use
/// [`block_on`](crate::s2_block_on::block_on) with its handle.
pub struct Pool {
    spawner: Spawner,
    workers: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    // ANCHOR: new
    /// Starts this many worker threads.
    ///
    /// # Panics
    ///
    /// If the number is 0, or if the system refuses a thread.
    pub fn new(workers: usize) -> Self {
        assert!(workers > 0, "a pool needs at least one worker");
        let queue = Mutex::new(Queue { tasks: VecDeque::new(), all: BTreeMap::new(), closed: false });
        let shared = Arc::new(Shared { queue, changed: Condvar::new() });
        let mut pool = Pool { spawner: Spawner(Arc::clone(&shared)), workers: Vec::new() };
        for number in 0..workers {
            let shared = Arc::clone(&shared);
            let worker = thread::Builder::new().name(format!("worker {number}")).spawn(move || work(&shared));
            pool.workers.push(worker.expect("the system should give a thread for each worker"));
        }
        pool
    }
    // ANCHOR_END: new

    /// See [`Spawner::spawn`].
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
    }

    /// Returns a handle that spawns tasks on this pool, from any thread and from inside a task.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.spawner.0.queue).tasks.len()
    }
}

// ANCHOR: work
/// Polls one task after another until the queue is closed.
fn work(shared: &Shared) {
    while let Some(task) = shared.pop() {
        task.run();
    }
}
// ANCHOR_END: work

impl Drop for Pool {
    // ANCHOR: drop
    /// Waits until each worker has ended its current poll, then drops the futures of all tasks on
    /// this thread. Their handles report
    /// [`JoinError::Cancelled`](crate::parts::join::JoinError::Cancelled).
    fn drop(&mut self) {
        let shared = &self.spawner.0;
        lock(&shared.queue).closed = true;
        shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // A task of the pool may drop the pool. Its worker does not wait for itself.
            if worker.thread().id() != thread::current().id() {
                // A worker never panics: it polls reporters, and a reporter contains all panics.
                drop(worker.join());
            }
        }
        shared.close();
    }
    // ANCHOR_END: drop
}

/// Spawns tasks on one pool. It may be cloned, sent to other threads and kept by tasks.
#[derive(Clone)]
pub struct Spawner(Arc<Shared>);

impl Spawner {
    // ANCHOR: spawn
    /// Makes a task of the future and puts it into the queue. If the pool was dropped, the future
    /// is dropped at once, and the handle says that the task was cancelled.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let (reporter, cell) = Reporter::new(future);
        let state = Mutex::new(State { future: Some(Box::pin(reporter)), queued: true, dropped: false });
        let task = Arc::new(Task { id: event::next_task(), state, shared: Arc::clone(&self.0) });
        let handle = JoinHandle::new(cell, Waker::from(Arc::clone(&task)));
        self.0.add(task);
        handle
    }
    // ANCHOR_END: spawn
}
