//! A solution of the exercise.

#![forbid(unsafe_code)]

use std::{
    any::Any,
    collections::VecDeque,
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

/// What a thread sleeps at until somebody rings.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    /// Sleeps until somebody has rung since this was last left.
    pub fn wait(&self) {
        let mut rung = lock(&self.rung);
        while !mem::take(&mut *rung) {
            rung = self.rings.wait(rung).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Rings, whether anybody sleeps or not.
    pub fn ring(&self) {
        *lock(&self.rung) = true;
        self.rings.notify_one();
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        bell.wait();
    }
}

/// A future of any type.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future, and the queue that it goes back to.
struct Task {
    /// `None` once it has ended.
    future: Mutex<Option<Work>>,
    /// It is in the queue.
    queued: AtomicBool,
    shared: Arc<Shared>,
}

/// What the executor and its tasks share.
#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    bell: Arc<Bell>,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Arc<Task>>,
    closed: bool,
}

impl Shared {
    /// Adds a task at the end of the queue, and wakes the executor.
    fn push(&self, task: Arc<Task>) {
        let mut queue = lock(&self.queue);
        if queue.closed {
            drop(queue);
            return drop(task);
        }
        queue.tasks.push_back(task);
        drop(queue);
        self.bell.ring();
    }

    /// Takes the task that has waited longest.
    fn pop(&self) -> Option<Arc<Task>> {
        lock(&self.queue).tasks.pop_front()
    }
}

impl Task {
    /// Polls the future, and keeps it if it is pending. The lock is for who is woken meanwhile and
    /// taken by another thread.
    fn run(self: Arc<Self>) {
        self.queued.swap(false, AcqRel);
        let waker = Waker::from(Arc::clone(&self));
        let mut place = lock(&self.future);
        let Some(future) = place.as_mut() else { return };
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            let future = place.take();
            drop(place);
            drop(future);
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, AcqRel) {
            let shared = Arc::clone(&self.shared);
            shared.push(self);
        }
    }
}

/// An executor on one thread.
#[derive(Default)]
pub struct Executor {
    shared: Arc<Shared>,
}

impl Executor {
    /// Makes a task of the future, and puts it into the queue.
    pub fn spawn_detached(&self, work: Work) {
        let shared = Arc::clone(&self.shared);
        let task = Task { future: Mutex::new(Some(work)), queued: AtomicBool::new(true), shared };
        self.shared.push(Arc::new(task));
    }

    /// Polls whoever is in the queue, until nobody is.
    pub fn run_until_stalled(&self) {
        while let Some(task) = self.shared.pop() {
            task.run();
        }
    }

    /// How many tasks are in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.shared.queue).tasks.len()
    }

    /// Runs a future to its end, and the tasks meanwhile.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let root = Arc::new(Root { woken: AtomicBool::new(true), bell: Arc::clone(&self.shared.bell) });
        let waker = Waker::from(Arc::clone(&root));
        let mut future = pin!(future);
        loop {
            if root.woken.swap(false, AcqRel)
                && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            match self.shared.pop() {
                Some(task) => task.run(),
                None => self.shared.bell.wait(),
            }
        }
    }

    /// Makes a task of the future, and gives the handle that waits for its output.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let slot = Arc::new(Slot(Mutex::new(Place { result: None, waker: None })));
        let finish = Finish(Arc::clone(&slot));
        self.spawn_detached(Box::pin(async move {
            let result = CatchPanic(Box::pin(future)).await;
            finish.0.finish(result);
        }));
        JoinHandle(slot)
    }
}

/// The future that the executor blocks on: whether it was woken.
struct Root {
    woken: AtomicBool,
    bell: Arc<Bell>,
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        self.woken.swap(true, AcqRel);
        self.bell.ring();
    }
}

/// Why a task has no output.
#[derive(Debug)]
pub enum JoinError {
    /// It panicked, with this.
    Panicked(Box<dyn Any + Send>),
    /// It was dropped before its end.
    Cancelled,
}

/// The place for a task's result, and for the waker of who waits for it.
struct Slot<T>(Mutex<Place<T>>);

struct Place<T> {
    result: Option<Result<T, JoinError>>,
    waker: Option<Waker>,
}

impl<T> Slot<T> {
    /// Leaves the result, and wakes who waits for it. If there is one already, nothing happens.
    fn finish(&self, result: Result<T, JoinError>) {
        let mut slot = lock(&self.0);
        if slot.result.is_some() {
            return;
        }
        slot.result = Some(result);
        let waker = slot.waker.take();
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The task's end of the slot.
struct Finish<T>(Arc<Slot<T>>);

/// Waits for the output of a task.
pub struct JoinHandle<T>(Arc<Slot<T>>);

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let clone = cx.waker().clone();
        let mut slot = lock(&self.0.0);
        if let Some(result) = slot.result.take() {
            return Poll::Ready(result);
        }
        let last = slot.waker.replace(clone);
        drop(slot);
        drop(last);
        Poll::Pending
    }
}

/// A future whose panic is its output.
struct CatchPanic<F>(Pin<Box<F>>);

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(JoinError::Panicked(panic))),
        }
    }
}

impl<T> Drop for Finish<T> {
    fn drop(&mut self) {
        self.0.finish(Err(JoinError::Cancelled));
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let mut queue = lock(&self.shared.queue);
        queue.closed = true;
        let tasks = mem::take(&mut queue.tasks);
        drop(queue);
        for task in tasks {
            // If it is locked, this is its own poll.
            let future = task.future.try_lock().ok().and_then(|mut place| place.take());
            drop(future);
        }
    }
}

/// An executor with threads of its own.
pub struct Pool {
    executor: Executor,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    /// So many threads, which sleep while nobody is in the queue.
    pub fn new(threads: usize) -> Self {
        let executor = Executor::default();
        let start = |_| {
            let shared = Arc::clone(&executor.shared);
            thread::spawn(move || work(&shared))
        };
        let threads = (0..threads).map(start).collect();
        Pool { executor, threads }
    }

    /// As [`Executor::spawn`].
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.executor.spawn(future)
    }

    /// How many tasks are in the queue.
    pub fn queue_len(&self) -> usize {
        self.executor.queue_len()
    }
}

/// Runs one task after the other, until the queue is closed.
fn work(shared: &Shared) {
    while !lock(&shared.queue).closed {
        let Some(task) = shared.pop() else {
            shared.bell.wait();
            continue;
        };
        if !lock(&shared.queue).tasks.is_empty() {
            shared.bell.ring();
        }
        task.run();
    }
    shared.bell.ring();
}

impl Drop for Pool {
    /// Closes the queue, and waits for the threads.
    fn drop(&mut self) {
        lock(&self.executor.shared.queue).closed = true;
        self.executor.shared.bell.ring();
        for thread in self.threads.drain(..) {
            thread.join().expect("a thread of the pool only runs tasks, and they keep their panics");
        }
    }
}
