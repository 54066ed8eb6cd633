//! Your executor, in eight steps. `cargo test -p executor --test exercise step-1` tells how far
//! step 1 is, and without a step how far all are. You may change whatever you like but the names
//! and arguments of the `pub` items, through which the checks reach your code. It needs no unsafe
//! code: a task here is an `Arc`, and its waker is made of that by `std::task::Wake`.

#![forbid(unsafe_code)]
// While something is missing, something else is not used yet. Take this line out when the last step
// is written.
#![allow(unused)]

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

// -------------------------------------------------------------------------------------------------
// Step 1: sleep until somebody rings, and a `block_on` around it. Then pass: C1 C18 V1.

/// What a thread sleeps at until somebody rings.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    /// Sleeps until somebody has rung since this was last left.
    pub fn wait(&self) {
        todo!("step 1: wait at the condition while it is not rung, and take the ring; lock() is above")
    }

    /// Rings, whether anybody sleeps or not.
    pub fn ring(&self) {
        todo!("step 1: it is rung; then notify")
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    todo!("step 1: Waker::from(Arc<Bell>); pin!(future); poll; if it is pending, wait at the bell, and again")
}

// -------------------------------------------------------------------------------------------------
// Step 2: a queue of tasks, first in, first out. Then passes: V1.

/// A future of any type.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future, and the queue that it goes back to.
struct Task {
    /// `None` while it is polled, and once it has ended.
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
        todo!("step 2: push_back; ring when the lock is gone")
    }

    /// Takes the task that has waited longest.
    fn pop(&self) -> Option<Arc<Task>> {
        todo!("step 2: pop_front")
    }
}

impl Task {
    /// Polls the future, and keeps it if it is pending.
    fn run(self: Arc<Self>) {
        todo!(
            "step 2: queued.swap(false, AcqRel); take the future out; poll it without the lock; if pending, put it back"
        )
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
        todo!("step 2: an Arc<Task>, with queued: true; push it; it is not polled here")
    }

    /// Polls whoever is in the queue, until nobody is.
    pub fn run_until_stalled(&self) {
        todo!("step 2: pop and run, until there is nothing to pop")
    }

    /// How many tasks are in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.shared.queue).tasks.len()
    }
}

// -------------------------------------------------------------------------------------------------
// Step 3: its waker puts a task back into the queue, once. Then pass: B10 B11 C4 C5 C7 C9 V1.

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        todo!(
            "step 3: push it, unless queued.swap(true, AcqRel) says that it is there (it writes in any case, as B12 demands, which only a model could tell)"
        )
    }
}

// -------------------------------------------------------------------------------------------------
// Step 4: a future to block on, beside the tasks. Then pass: C1 C4 C8 C18 V1.

impl Executor {
    /// Runs a future to its end, and the tasks meanwhile.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        todo!("step 4: poll the future if root.woken (true at first); then run one task, or if there is none, wait")
    }
}

/// The future that the executor blocks on: whether it was woken.
struct Root {
    woken: AtomicBool,
    bell: Arc<Bell>,
}

impl Wake for Root {
    fn wake(self: Arc<Self>) {
        todo!("step 4: it is woken; then ring")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 5: a handle for the output. Then pass: C6 C16 V1.

impl Executor {
    /// Makes a task of the future, and gives the handle that waits for its output.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        todo!("step 5: a task that awaits the future, and then finishes the slot through a Finish, which it owns")
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
        todo!("step 5: the result, if there is none yet; take the waker out, and wake it when the lock is gone")
    }
}

/// The task's end of the slot.
struct Finish<T>(Arc<Slot<T>>);

/// Waits for the output of a task.
pub struct JoinHandle<T>(Arc<Slot<T>>);

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("step 5: the result, if it is there; else leave a clone of the waker, made before the lock")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 6: a panic reaches the handle, and nobody else. Then pass: C10 V1. Let `spawn` await a
// `CatchPanic`.

/// A future whose panic is its output.
struct CatchPanic<F>(Pin<Box<F>>);

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("step 6: catch_unwind(AssertUnwindSafe(|| ...)) around the poll")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 7: the end. Then pass: B7 B8 V1.
//
// A task that is dropped before its end would leave whoever joins it waiting: write an
// `impl Drop for Finish` that finishes the slot with `Cancelled`. And an `impl Drop for Executor`:
// the queue is closed, and those who were in it lose their futures, without the lock. `push` has to
// look whether it is closed: a waker that comes later would leave its task in there, for ever, as
// the task has the queue.

// -------------------------------------------------------------------------------------------------
// Step 8: threads that run one queue. Then pass: C4 C5 C10 C18 V1.
//
// Two threads find what one did not: a task that is woken while it is polled is in the queue, and
// the second thread takes it. If the future is out of its place at that moment, the wake is lost.
// So let `Task::run` poll it where it is, under its lock, for which the second thread waits; and
// take it out when it is ready.

/// An executor with threads of its own.
pub struct Pool {
    executor: Executor,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    /// So many threads, which sleep while nobody is in the queue.
    pub fn new(threads: usize) -> Self {
        todo!("step 8: threads that share executor.shared, each in work()")
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
    todo!(
        "step 8: a bell wakes one thread: who takes a task while others are in the queue rings again, and so does who leaves"
    )
}

impl Drop for Pool {
    /// Closes the queue, and waits for the threads.
    fn drop(&mut self) {
        todo!("step 8: closed; ring; join each thread, which ends a poll that it has begun; the rest does `Executor`")
    }
}
