//! A solution of the exercise.

use std::{
    any::Any,
    collections::VecDeque,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::AcqRel},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Locks, whoever panicked before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread sleeps at until somebody rings.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    /// Rings, whether anybody sleeps or not.
    pub fn ring(&self) {
        *lock(&self.rung) = true;
        self.changed.notify_one();
    }

    /// Sleeps until somebody has rung since the last time.
    pub fn wait(&self) {
        let mut rung = lock(&self.rung);
        while !*rung {
            rung = self.changed.wait(rung).unwrap_or_else(PoisonError::into_inner);
        }
        *rung = false;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
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

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task: a future, and the queue that it goes back to.
struct Task {
    /// `None` when it has ended, and while it is polled.
    future: Mutex<Option<Work>>,
    queued: AtomicBool,
    shared: Arc<Shared>,
}

/// What the executor and all wakers share.
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
    /// Adds a task at the end of the queue.
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

    /// The task that has been in the queue for longest.
    fn pop(&self) -> Option<Arc<Task>> {
        lock(&self.queue).tasks.pop_front()
    }
}

impl Task {
    /// Polls the future, and keeps it if it is pending.
    fn run(self: Arc<Self>) {
        // Before the poll: a wake that comes inside it puts the task back.
        self.queued.swap(false, AcqRel);
        let Some(mut future) = lock(&self.future).take() else { return };
        let waker = Waker::from(Arc::clone(&self));
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            *lock(&self.future) = Some(future);
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
    /// Makes a task, and puts it into the queue.
    fn spawn_work(&self, work: Work) {
        let shared = Arc::clone(&self.shared);
        let task = Task { future: Mutex::new(Some(work)), queued: AtomicBool::new(true), shared };
        self.shared.push(Arc::new(task));
    }

    /// Makes a task of the future, and gives the handle that waits for its output.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let slot = Arc::new(Slot { state: Mutex::new(State { result: None, waker: None, over: false }) });
        let sets = SetsSlot(Arc::clone(&slot));
        let mut future = Box::pin(future);
        self.spawn_work(Box::pin(async move {
            let result = std::future::poll_fn(|cx| {
                match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
                    Ok(polled) => polled.map(Ok),
                    Err(panic) => Poll::Ready(Err(JoinError::Panicked(panic))),
                }
            })
            .await;
            // The future first: who joins finds it gone.
            drop(future);
            sets.0.finish(result);
        }));
        JoinHandle { slot }
    }

    /// Polls whoever is in the queue until nobody is.
    pub fn run_until_stalled(&self) {
        while let Some(task) = self.shared.pop() {
            task.run();
        }
    }

    /// Runs a future to its end, and the tasks meanwhile.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let root = Arc::new(Root { woken: AtomicBool::new(true), bell: Arc::clone(&self.shared.bell) });
        let waker = Waker::from(Arc::clone(&root));
        let mut future = pin!(future);
        loop {
            if root.woken.swap(false, AcqRel) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return output;
                }
            }
            match self.shared.pop() {
                Some(task) => task.run(),
                None => self.shared.bell.wait(),
            }
        }
    }

    /// How many tasks are in the queue.
    pub fn queue_len(&self) -> usize {
        lock(&self.shared.queue).tasks.len()
    }
}

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
