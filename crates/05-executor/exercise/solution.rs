//! A solution of the exercise. The comments of the exercise, `mod.rs`, explain this file too.

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
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
pub struct Parker {
    unparked: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    pub fn park(&self) {
        let mut unparked = lock(&self.unparked);
        while !mem::take(&mut *unparked) {
            unparked = wait(&self.changed, unparked);
        }
    }

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

pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    state: Mutex<State>,
    shared: Arc<Shared>,
    id: u64,
}

struct State {
    future: Option<Work>,
    queued: bool,
    last_poll: bool,
}

struct Shared {
    tasks: Mutex<Tasks>,
    unparker: Waker,
}

#[derive(Default)]
struct Tasks {
    queue: VecDeque<Arc<Task>>,
    all: BTreeMap<u64, Arc<Task>>,
    next_id: u64,
    closed: bool,
}

impl Shared {
    fn push(&self, task: Arc<Task>) {
        let mut tasks = lock(&self.tasks);
        if !tasks.closed {
            tasks.queue.push_back(task);
        }
        drop(tasks);
        self.unparker.wake_by_ref();
    }

    fn pop(&self) -> Option<Arc<Task>> {
        lock(&self.tasks).queue.pop_front()
    }

    fn add(self: &Arc<Self>, work: Work) -> Arc<Task> {
        let state = Mutex::new(State { future: Some(work), queued: true, last_poll: false });
        let mut tasks = lock(&self.tasks);
        tasks.next_id += 1;
        let task = Arc::new(Task { state, shared: Arc::clone(self), id: tasks.next_id });
        if tasks.closed {
            drop(tasks);
            task.drop_future();
        } else {
            tasks.all.insert(task.id, Arc::clone(&task));
            drop(tasks);
            self.push(Arc::clone(&task));
        }
        task
    }

    fn close(&self) {
        let mut tasks = lock(&self.tasks);
        tasks.closed = true;
        let (queue, all) = (mem::take(&mut tasks.queue), mem::take(&mut tasks.all));
        drop(tasks);
        drop(queue);
        all.into_values().for_each(|task| task.drop_future());
    }
}

impl Task {
    fn run(self: Arc<Self>) {
        let mut state = lock(&self.state);
        state.queued = false;
        let Some(mut future) = state.future.take() else { return };
        drop(state);
        let waker = Waker::from(Arc::clone(&self));
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
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

    fn drop_future(&self) {
        let mut state = lock(&self.state);
        state.last_poll = true;
        let future = state.future.take();
        drop(state);
        drop(future);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        let enters = !mem::replace(&mut state.queued, true) && state.future.is_some();
        drop(state);
        if enters {
            Arc::clone(&self.shared).push(self);
        }
    }
}

pub struct Executor {
    shared: Arc<Shared>,
    parker: Arc<Parker>,
}

impl Executor {
    pub fn new() -> Self {
        let parker = Arc::new(Parker::default());
        let unparker = Waker::from(Arc::clone(&parker));
        Executor { shared: Arc::new(Shared { tasks: Mutex::default(), unparker }), parker }
    }

    pub fn spawn_detached(&self, work: Work) {
        self.shared.add(work);
    }

    pub fn run_until_stalled(&self) {
        while let Some(task) = self.shared.pop() {
            task.run();
        }
    }

    pub fn queue_len(&self) -> usize {
        lock(&self.shared.tasks).queue.len()
    }

    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let root_waker = Arc::new(RootWaker { woken: AtomicBool::new(true), unparker: self.shared.unparker.clone() });
        let waker = Waker::from(Arc::clone(&root_waker));
        let mut root = pin!(root);
        loop {
            if root_waker.woken.swap(false, Ordering::AcqRel)
                && let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            match self.shared.pop() {
                Some(task) => task.run(),
                None if root_waker.woken.load(Ordering::Relaxed) => {}
                None => self.parker.park(),
            }
        }
    }

    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let cell = Arc::new(ResultCell(Mutex::new(Progress { result: None, waiter: None, aborted: false })));
        let reporter = Reporter { future: Some(Box::pin(future)), cell: Arc::clone(&cell) };
        let task = self.shared.add(Box::pin(reporter));
        JoinHandle { cell, waker: Waker::from(task) }
    }
}

struct RootWaker {
    woken: AtomicBool,
    unparker: Waker,
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.woken.swap(true, Ordering::AcqRel);
        self.unparker.wake_by_ref();
    }
}

#[derive(Debug)]
pub enum JoinError {
    Cancelled,
    Panicked(Box<dyn Any + Send>),
}

struct ResultCell<T>(Mutex<Progress<T>>);

struct Progress<T> {
    result: Option<Result<T, JoinError>>,
    waiter: Option<Waker>,
    aborted: bool,
}

impl<T> ResultCell<T> {
    fn finish(&self, result: Result<T, JoinError>) {
        let mut progress = lock(&self.0);
        progress.result = Some(result);
        let waiter = progress.waiter.take();
        drop(progress);
        waiter.into_iter().for_each(Waker::wake);
    }
}

struct Reporter<F: Future> {
    future: Option<Pin<Box<F>>>,
    cell: Arc<ResultCell<F::Output>>,
}

impl<F: Future> Reporter<F> {
    fn end(&mut self, result: Result<F::Output, JoinError>) {
        drop(self.future.take());
        self.cell.finish(result);
    }
}

impl<F: Future> Future for Reporter<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let aborted = lock(&self.cell.0).aborted;
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        let result = if aborted {
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

pub struct JoinHandle<T> {
    cell: Arc<ResultCell<T>>,
    waker: Waker,
}

impl<T> JoinHandle<T> {
    pub fn abort(&self) {
        lock(&self.cell.0).aborted = true;
        self.waker.wake_by_ref();
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
        let _last = progress.waiter.replace(waiter);
        drop(progress);
        Poll::Pending
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.shared.close();
    }
}

struct WorkerWaker(Condvar);

impl Wake for WorkerWaker {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

pub struct Pool {
    executor: Executor,
    changed: Arc<WorkerWaker>,
    workers: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    pub fn new(workers: usize) -> Self {
        let changed = Arc::new(WorkerWaker(Condvar::new()));
        let unparker = Waker::from(Arc::clone(&changed));
        let shared = Arc::new(Shared { tasks: Mutex::default(), unparker });
        let start = |_| {
            let (shared, changed) = (Arc::clone(&shared), Arc::clone(&changed));
            thread::spawn(move || run_worker(&shared, &changed))
        };
        let workers = (0..workers).map(start).collect();
        Pool { executor: Executor { shared, parker: Arc::default() }, changed, workers }
    }

    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.executor.spawn(future)
    }

    pub fn queue_len(&self) -> usize {
        self.executor.queue_len()
    }
}

fn run_worker(shared: &Shared, changed: &WorkerWaker) {
    loop {
        let mut tasks = lock(&shared.tasks);
        while !tasks.closed && tasks.queue.is_empty() {
            tasks = wait(&changed.0, tasks);
        }
        if tasks.closed {
            return;
        }
        let task = tasks.queue.pop_front();
        drop(tasks);
        task.into_iter().for_each(Task::run);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.executor.shared.tasks).closed = true;
        self.changed.0.notify_all();
        for worker in self.workers.drain(..) {
            // A task of the pool may drop the pool. Its thread does not wait for itself.
            if worker.thread().id() != thread::current().id() {
                worker.join().expect("a worker only polls reporters, and a reporter never panics");
            }
        }
    }
}
