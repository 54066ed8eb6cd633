//! A solution of the exercise.

#![forbid(unsafe_code)]

use std::{
    any::Any,
    collections::{BTreeMap, VecDeque},
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::AcqRel},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets a thread sleep until another thread unparks it.
#[derive(Default)]
pub struct Parker {
    unparked: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    /// Sleeps until `unpark`. If `unpark` was called since the last `park`, it does not sleep.
    pub fn park(&self) {
        let mut unparked = lock(&self.unparked);
        while !mem::take(&mut *unparked) {
            unparked = self.changed.wait(unparked).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the sleep of the thread in `park`, or the next one.
    pub fn unpark(&self) {
        *lock(&self.unparked) = true;
        self.changed.notify_one();
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let parker = Arc::new(Parker::default());
    let waker = Waker::from(Arc::clone(&parker));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        parker.park();
    }
}

/// A future of any type, pinned on the heap.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future, and the queue that its waker puts it into.
struct Task {
    state: Mutex<State>,
    shared: Arc<Shared>,
    /// The key of this task in `Queue::all`.
    id: u64,
}

struct State {
    /// `None` during a poll, and after the future has ended.
    future: Option<Work>,
    /// The task is in the queue, or enters it when the current poll ends.
    queued: bool,
    /// The executor was dropped, so the current poll is the last one.
    dropped: bool,
}

/// What the executor, its tasks and their wakers share.
struct Shared {
    queue: Mutex<Queue>,
    unparker: Waker,
}

#[derive(Default)]
struct Queue {
    /// The tasks that are worth a poll, in the order of their wakes.
    tasks: VecDeque<Arc<Task>>,
    /// All tasks that have not ended.
    all: BTreeMap<u64, Arc<Task>>,
    next_id: u64,
    /// No thread polls a task any more.
    closed: bool,
}

impl Shared {
    /// Puts a task into the queue, and unparks the executor.
    fn push(&self, task: Arc<Task>) {
        let mut queue = lock(&self.queue);
        if !queue.closed {
            queue.tasks.push_back(task);
        }
        drop(queue);
        self.unparker.wake_by_ref();
    }

    /// Takes the task that has waited longest.
    fn pop(&self) -> Option<Arc<Task>> {
        lock(&self.queue).tasks.pop_front()
    }

    /// Makes a task of the future, and puts it into the queue.
    fn add(self: &Arc<Self>, work: Work) -> Arc<Task> {
        let state = Mutex::new(State { future: Some(work), queued: true, dropped: false });
        let mut queue = lock(&self.queue);
        queue.next_id += 1;
        let task = Arc::new(Task { state, shared: Arc::clone(self), id: queue.next_id });
        if queue.closed {
            drop(queue);
            task.drop_future();
        } else {
            queue.all.insert(task.id, Arc::clone(&task));
            drop(queue);
            self.push(Arc::clone(&task));
        }
        task
    }

    /// Drops the futures of all tasks, those in the queue and those that wait.
    fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        let (tasks, all) = (mem::take(&mut queue.tasks), mem::take(&mut queue.all));
        drop(queue);
        drop(tasks);
        all.into_values().for_each(|task| task.drop_future());
    }
}

impl Task {
    /// Polls the future once. No lock is held meanwhile.
    fn run(self: Arc<Self>) {
        let mut state = lock(&self.state);
        state.queued = false;
        let Some(mut future) = state.future.take() else { return };
        drop(state);
        let waker = Waker::from(Arc::clone(&self));
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
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

    fn drop_future(&self) {
        let mut state = lock(&self.state);
        state.dropped = true;
        let future = state.future.take();
        drop(state);
        drop(future);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        let was_queued = mem::replace(&mut state.queued, true);
        let is_waiting = state.future.is_some();
        drop(state);
        if is_waiting && !was_queued {
            Arc::clone(&self.shared).push(self);
        }
    }
}

/// An executor on one thread.
pub struct Executor {
    shared: Arc<Shared>,
    parker: Arc<Parker>,
}

impl Executor {
    /// Creates an executor without tasks.
    pub fn new() -> Self {
        let parker = Arc::new(Parker::default());
        let unparker = Waker::from(Arc::clone(&parker));
        Executor { shared: Arc::new(Shared { queue: Mutex::default(), unparker }), parker }
    }

    /// Makes a task of the future, and puts it into the queue.
    pub fn spawn_detached(&self, work: Work) {
        self.shared.add(work);
    }

    /// Polls tasks until the queue is empty.
    pub fn run_until_stalled(&self) {
        while let Some(task) = self.shared.pop() {
            task.run();
        }
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.shared.queue).tasks.len()
    }

    /// Runs `root` to its end on this thread, and polls tasks meanwhile.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let wakes = Arc::new(Root { woken: AtomicBool::new(true), unparker: self.shared.unparker.clone() });
        let waker = Waker::from(Arc::clone(&wakes));
        let mut root = pin!(root);
        loop {
            if wakes.woken.swap(false, AcqRel)
                && let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            match self.shared.pop() {
                Some(task) => task.run(),
                None => self.parker.park(),
            }
        }
    }

    /// Makes a task of the future, and returns the handle that waits for its output.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let cell = Arc::new(ResultCell(Mutex::new(Progress { result: None, waiter: None, cancelled: false })));
        let reporter = Reporter { future: Some(Box::pin(future)), cell: Arc::clone(&cell) };
        let task = self.shared.add(Box::pin(reporter));
        JoinHandle { cell, task: Waker::from(task) }
    }
}

/// The waker of the future that `block_on` runs.
struct Root {
    woken: AtomicBool,
    unparker: Waker,
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.woken.swap(true, AcqRel);
        self.unparker.wake_by_ref();
    }
}

/// Why a task has no output.
#[derive(Debug)]
pub enum JoinError {
    /// It was aborted, or its executor was dropped.
    Cancelled,
    /// It panicked with this payload.
    Panicked(Box<dyn Any + Send>),
}

/// The place where a task leaves its result.
struct ResultCell<T>(Mutex<Progress<T>>);

struct Progress<T> {
    result: Option<Result<T, JoinError>>,
    /// The waker of the task that awaits the handle.
    waiter: Option<Waker>,
    /// The handle asked to end the task.
    cancelled: bool,
}

impl<T> ResultCell<T> {
    /// Stores the result, and wakes the task that awaits the handle.
    fn finish(&self, result: Result<T, JoinError>) {
        let mut progress = lock(&self.0);
        progress.result = Some(result);
        let waiter = progress.waiter.take();
        drop(progress);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

/// Runs a future to its end and reports the result to its cell.
struct Reporter<F: Future> {
    /// `None` after the end.
    future: Option<Pin<Box<F>>>,
    cell: Arc<ResultCell<F::Output>>,
}

impl<F: Future> Reporter<F> {
    /// Drops the future first, and reports the result second.
    fn end(&mut self, result: Result<F::Output, JoinError>) {
        let future = self.future.take();
        drop(future);
        self.cell.finish(result);
    }
}

impl<F: Future> Future for Reporter<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let cancelled = lock(&self.cell.0).cancelled;
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        let result = if cancelled {
            Err(JoinError::Cancelled)
        } else {
            match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(output)) => Ok(output),
                Err(payload) => Err(JoinError::Panicked(payload)),
            }
        };
        self.end(result);
        Poll::Ready(())
    }
}

impl<F: Future> Drop for Reporter<F> {
    fn drop(&mut self) {
        if self.future.is_some() {
            self.end(Err(JoinError::Cancelled));
        }
    }
}

/// Waits for the result of a task.
pub struct JoinHandle<T> {
    cell: Arc<ResultCell<T>>,
    task: Waker,
}

impl<T> JoinHandle<T> {
    /// Cancels the task: its future is dropped instead of polled the next time.
    pub fn abort(&self) {
        lock(&self.cell.0).cancelled = true;
        self.task.wake_by_ref();
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waiter = cx.waker().clone();
        let mut progress = lock(&self.cell.0);
        if let Some(result) = progress.result.take() {
            return Poll::Ready(result);
        }
        let last = progress.waiter.replace(waiter);
        drop(progress);
        drop(last);
        Poll::Pending
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// Wakes one worker of a pool.
struct Workers(Condvar);

impl Wake for Workers {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// An executor with threads of its own.
pub struct Pool {
    executor: Executor,
    workers: Arc<Workers>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    /// Starts this many worker threads.
    pub fn new(threads: usize) -> Self {
        let workers = Arc::new(Workers(Condvar::new()));
        let unparker = Waker::from(Arc::clone(&workers));
        let shared = Arc::new(Shared { queue: Mutex::default(), unparker });
        let start = |_| {
            let (shared, workers) = (Arc::clone(&shared), Arc::clone(&workers));
            thread::spawn(move || work(&shared, &workers))
        };
        let threads = (0..threads).map(start).collect();
        Pool { executor: Executor { shared, parker: Arc::default() }, workers, threads }
    }

    /// See [`Executor::spawn`].
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.executor.spawn(future)
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        self.executor.queue_len()
    }
}

/// Polls one task after another until the queue is closed.
fn work(shared: &Shared, workers: &Workers) {
    loop {
        let mut queue = lock(&shared.queue);
        while !queue.closed && queue.tasks.is_empty() {
            queue = workers.0.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.closed {
            return;
        }
        let task = queue.tasks.pop_front();
        drop(queue);
        task.into_iter().for_each(Task::run);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.executor.shared.queue).closed = true;
        self.workers.0.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().expect("a worker only polls reporters, and a reporter never panics");
        }
    }
}
