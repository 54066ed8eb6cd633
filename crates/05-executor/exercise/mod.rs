//! Your executor, in eight steps. `cargo test -p executor --test exercise step-1` checks step 1;
//! without a step it checks all of them. The types have the names that they have in the lesson:
//! steps 1 to 8 lead from `s2_block_on` to `s5_pool`. You may change everything except the names
//! and arguments of the `pub` items, which the checks call. It needs no unsafe code.

#![forbid(unsafe_code)]
// Parts of the file are unused until the last step is written. Then delete this line.
#![allow(unused)]

use std::{
    any::Any,
    collections::{BTreeMap, VecDeque},
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{AcqRel, Relaxed},
        },
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

/// Acquires the lock. Use it in place of `mutex.lock().unwrap()`.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Releases the lock, sleeps until the condition variable is notified, and acquires the lock again.
/// It may also return without a cause.
fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

// -------------------------------------------------------------------------------------------------
// Step 1: a parker to sleep in, and a `block_on` that uses it (lesson: `s2_block_on`). Then these
// pass: C1 C18 V1.

/// Lets a thread sleep until another thread unparks it.
#[derive(Default)]
pub struct Parker {
    unparked: Mutex<bool>,
    changed: Condvar,
}

impl Parker {
    /// Sleeps until `unpark`. If `unpark` was called since the last `park`, it does not sleep.
    pub fn park(&self) {
        todo!(
            "step 1: while *unparked is false, unparked = wait(&self.changed, unparked); then set it to false. It is a \
             `while`, because a sleep may end without a cause, and because another thread may have taken the unpark"
        )
    }

    /// Ends the sleep of the thread in `park`, or the next one.
    pub fn unpark(&self) {
        todo!("step 1: set *unparked to true, then changed.notify_one()")
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    todo!("step 1: make a waker of an Arc<Parker>; pin!(future); poll it; if it is Pending, park and poll again")
}

// -------------------------------------------------------------------------------------------------
// Step 2: a queue of tasks, first in, first out (lesson: `s3_queue`, as are steps 3 and 4). Then
// this passes: V1.

/// A future of any type, pinned on the heap.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future, and the way back to the queue. Every waker of the task is an `Arc` of it.
struct Task {
    state: Mutex<State>,
    shared: Arc<Shared>,
    /// The key of this task in `Tasks::all`. Step 7 needs it.
    id: u64,
}

struct State {
    /// `None` during a poll, and after the future has ended.
    future: Option<Work>,
    /// The task is new, or was woken since its last poll began. So it is in the queue, or enters it
    /// when the current poll ends.
    queued: bool,
    /// The executor was dropped during the current poll, so that poll is the last one. Step 8 needs
    /// it.
    last_poll: bool,
}

/// What the executor, its tasks and their wakers share.
struct Shared {
    tasks: Mutex<Tasks>,
    unparker: Waker,
}

#[derive(Default)]
struct Tasks {
    /// The tasks to poll next, in the order of their wakes.
    queue: VecDeque<Arc<Task>>,
    /// All tasks that have not ended. Step 7 needs it.
    all: BTreeMap<u64, Arc<Task>>,
    next_id: u64,
    /// No thread polls a task any more. Step 7 needs it.
    closed: bool,
}

impl Shared {
    /// Puts a task into the queue, and unparks the executor.
    fn push(&self, task: Arc<Task>) {
        todo!("step 2: tasks.queue.push_back(task); release the lock; then unparker.wake_by_ref()")
    }

    /// Takes the task that has waited longest.
    fn pop(&self) -> Option<Arc<Task>> {
        todo!("step 2: tasks.queue.pop_front()")
    }

    /// Makes a task of the future, and puts it into the queue.
    fn add(self: &Arc<Self>, work: Work) -> Arc<Task> {
        todo!(
            "step 2: under the lock, the next id; an Arc<Task> with queued: true and last_poll: false; release the lock; \
             push a clone of the task; return the task"
        )
    }
}

impl Task {
    /// Polls the future once. No lock is held meanwhile.
    fn run(self: Arc<Self>) {
        todo!(
            "step 2: set queued to false and take the future out of its state (a queued task has one); release the lock; \
             poll the future with a waker made of this Arc<Task>; if it is Pending, lock the state again and put the \
             future back"
        )
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
        Executor { shared: Arc::new(Shared { tasks: Mutex::default(), unparker }), parker }
    }

    /// Makes a task of the future, and puts it into the queue.
    pub fn spawn_detached(&self, work: Work) {
        self.shared.add(work);
    }

    /// Polls tasks until the queue is empty.
    pub fn run_until_stalled(&self) {
        todo!("step 2: pop a task and run it, until pop returns None")
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.shared.tasks).queue.len()
    }
}

// -------------------------------------------------------------------------------------------------
// Step 3: the waker puts its task back into the queue, once. Then these pass: B10 B11 C4 C5 C7 C9
// V1.
//
// A task may be woken while it is polled. Its future is out of the state then. So the wake only
// sets `queued`, and `Task::run` looks at `queued` when it has put the future back.

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        todo!(
            "step 3: under the lock of the state, set queued to true, and look whether it was false before and the future \
             is in its place; release the lock; if both, Arc::clone(&self.shared).push(self). Then, in Task::run: after \
             putting the future back, look at queued; release the lock; if it is true, push in the same way"
        )
    }
}

// -------------------------------------------------------------------------------------------------
// Step 4: `block_on` for a future beside the tasks, the root. Then these pass: C1 C4 C8 C18 V1.

impl Executor {
    /// Runs `root` to its end on this thread, and polls tasks meanwhile.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        todo!(
            "step 4: in a loop: if woken.swap(false, AcqRel), poll the root (woken is true at first); then run one task; \
             if there is no task and woken is still false, park. (A block_on inside the root's poll may have used up the \
             unpark that came with a wake.)"
        )
    }
}

/// The waker of the root.
struct RootWaker {
    woken: AtomicBool,
    unparker: Waker,
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        todo!("step 4: set woken with swap(true, AcqRel), then unparker.wake_by_ref()")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 5: a handle for the output (lesson: `s4_join`, as are steps 6 and 7). Then these pass: C6
// C16 V1.

impl Executor {
    /// Makes a task of the future, and returns the handle that waits for its output.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        todo!(
            "step 5: make an empty cell in an Arc; shared.add(Box::pin(a Reporter of the boxed future and the cell)); \
             return a handle with the cell and a waker made of the task"
        )
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
    /// `abort` was called. Step 7 needs it.
    aborted: bool,
}

impl<T> ResultCell<T> {
    /// Stores the result, and wakes the task that awaits the handle.
    fn finish(&self, result: Result<T, JoinError>) {
        todo!("step 5: store the result and take the waiter out; release the lock; then wake the waiter")
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
        todo!("step 5: take the future out and drop it; then cell.finish(result)")
    }
}

impl<F: Future> Future for Reporter<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        todo!(
            "step 5: poll the future; if it is ready, self.end(Ok(output)) and return Ready(()). Step 6: put \
             catch_unwind(AssertUnwindSafe(|| ...)) around that poll; a panic is the end too. Step 7: if the cell is \
             aborted, that is the end before any poll"
        )
    }
}

/// Waits for the result of a task.
pub struct JoinHandle<T> {
    cell: Arc<ResultCell<T>>,
    /// A waker of the task. Step 7 needs it.
    waker: Waker,
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!(
            "step 5: clone the waker before the lock; under one lock, take the result, and if there is none, replace the \
             waiter by the waker (under two locks, the result could come between). Release the lock before the old waiter \
             is dropped"
        )
    }
}

// -------------------------------------------------------------------------------------------------
// Step 6: a panic of a task reaches its handle, and only its handle. Then these pass: C10 V1. The
// place is `Reporter::poll`.

// -------------------------------------------------------------------------------------------------
// Step 7: the end. Then these pass: B7 B8 C15 C16 V1. Three things can end a task before its future
// is ready:
//
// - The handle asks for it: `abort`, below.
// - Its future is dropped: write an `impl<F: Future> Drop for Reporter<F>` that reports `Cancelled`
//   if the future has not ended.
// - The executor is dropped: write an `impl Drop for Executor` that sets `closed`, empties `queue`
//   and `all`, and takes the future out of every task. Drop these futures after you have released
//   the locks: the drop of a future may wake another task, and a wake needs the locks.
//
// For that, `add` puts every task into `all`, and `run` removes it when it has ended. When `closed`
// is set, `push` adds nothing, and `add` drops the future, without the lock. So you touch `add`,
// `push`, `run`, `Reporter::poll` and `abort`, and write two `Drop`s.

impl<T> JoinHandle<T> {
    /// Cancels the task: its future is dropped instead of polled the next time.
    pub fn abort(&self) {
        todo!("step 7: set aborted in the cell; then wake the task, so that Reporter::poll sees it")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 8: threads that share one queue (lesson: `s5_pool`). Then these pass: C4 C5 C10 C18 V1.
//
// A task may drop its own pool inside a poll. Then its future is not in its place, and `Pool::drop`
// runs on a worker, which must not wait for itself. So the code that takes the futures out also
// sets `last_poll`, and if it is set, `Task::run` drops the future instead of putting it back.

/// Wakes one worker of a pool. Workers sleep in the condition variable, with the lock of
/// `Shared::tasks`.
struct WorkerWaker(Condvar);

impl Wake for WorkerWaker {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// An executor with threads of its own.
pub struct Pool {
    executor: Executor,
    changed: Arc<WorkerWaker>,
    workers: Vec<thread::JoinHandle<()>>,
}

impl Pool {
    /// Starts this many worker threads.
    pub fn new(workers: usize) -> Self {
        todo!(
            "step 8: a Shared whose unparker is made of an Arc<WorkerWaker>; threads that call run_worker(&shared, &changed). \
             The executor's parker is not used: Arc::default()"
        )
    }

    /// See [`Executor::spawn`].
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.executor.spawn(future)
    }

    /// The number of tasks in the queue.
    pub fn queue_len(&self) -> usize {
        self.executor.queue_len()
    }
}

/// Polls one task after another until `closed` is set.
fn run_worker(shared: &Shared, changed: &WorkerWaker) {
    todo!(
        "step 8: in a loop: while closed is false and the queue is empty, tasks = wait(&changed.0, tasks); if closed is \
         true, return; else take a task, release the lock, and run the task"
    )
}

impl Drop for Pool {
    /// Waits until every thread has ended its current poll. The drop of `executor` does the rest.
    fn drop(&mut self) {
        todo!("step 8: set closed; changed.0.notify_all(); join the threads, except thread::current()")
    }
}
