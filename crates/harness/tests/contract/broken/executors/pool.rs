//! A pool of two threads over one queue that passes every check, and the places where a [`Fault`]
//! changes it.

use std::{
    collections::VecDeque,
    mem,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Condvar, Mutex, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
    thread::{self, JoinHandle},
};

use harness::{
    Executor, Handle, Work,
    executor::{End, Job, Spawner},
};

use super::{join::Join, numbers::lock, one_thread::WithoutResult, with_unsafe::Unlocked};

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    None,
    ThreadsEndInAPanic,
    PollsTwiceAtOnce,
    ForgetsWakesInsidePoll,
}

/// How many threads the pool has.
const THREADS: usize = 2;

/// The executor.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    fault: Fault,
    queue: Mutex<Queue>,
    changed: Condvar,
    tasks: Mutex<Vec<Weak<Task>>>,
}

#[derive(Default)]
struct Queue {
    entries: VecDeque<Arc<Task>>,
    closed: bool,
}

struct Task {
    shared: Weak<Shared>,
    state: Mutex<State>,
    /// The thread that changes the state from `Queued` to `Polled`, or to `Over`, may access it.
    future: Unlocked,
    join: Join,
}

#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum State {
    #[default]
    Waits,
    Queued,
    Polled,
    PolledAndWoken,
    Over,
}

impl Pool {
    pub fn new(fault: Fault) -> Self {
        let (queue, changed, tasks) = Default::default();
        let shared = Arc::new(Shared { fault, queue, changed, tasks });
        let thread = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.work())
        };
        Pool { threads: (0..THREADS).map(thread).collect(), shared }
    }
}

impl Executor for Pool {
    fn spawn(&self, work: Work) {
        self.shared.spawn(work);
    }

    fn threads(&self) -> usize {
        THREADS
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        let join = Join::default();
        self.shared.start(job, join.clone());
        Some(Handle::new(join.handle(None)))
    }

    fn spawner(&self) -> Option<Spawner> {
        let shared = Arc::downgrade(&self.shared);
        Some(Spawner::new(move |work| {
            shared.upgrade().inspect(|shared| shared.spawn(work));
        }))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut queue = lock(&self.shared.queue);
        queue.closed = true;
        let entries = mem::take(&mut queue.entries);
        drop(queue);
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has ended too.
            let _ = thread.join();
        }
        let tasks = mem::take(&mut *lock(&self.shared.tasks));
        tasks.iter().filter_map(Weak::upgrade).for_each(|task| task.end(End::Cancelled));
        drop(entries);
    }
}

impl Shared {
    fn spawn(self: &Arc<Self>, work: Work) {
        self.start(Box::pin(WithoutResult(work)), Join::default());
    }

    fn start(self: &Arc<Self>, job: Job, join: Join) {
        let (shared, state) = (Arc::downgrade(self), Mutex::default());
        let task = Arc::new(Task { shared, state, future: Unlocked::new(job), join });
        let mut tasks = lock(&self.tasks);
        // Dead entries are removed before the list grows, so it stays about twice the live ones.
        if tasks.len() == tasks.capacity() {
            tasks.retain(|task| task.strong_count() > 0);
        }
        tasks.push(Arc::downgrade(&task));
        drop(tasks);
        task.wake();
    }

    /// The loop of each thread.
    fn work(&self) {
        loop {
            let mut queue = lock(&self.queue);
            let idle = |queue: &mut Queue| queue.entries.is_empty() && !queue.closed;
            queue = self.changed.wait_while(queue, idle).unwrap_or_else(PoisonError::into_inner);
            let Some(task) = queue.entries.pop_front() else { return };
            drop(queue);
            task.poll(self.fault);
        }
    }
}

impl Task {
    fn poll(self: Arc<Self>, fault: Fault) {
        {
            let mut state = lock(&self.state);
            if *state == State::Over {
                return;
            }
            *state = if fault == Fault::PollsTwiceAtOnce { State::Waits } else { State::Polled };
        }
        let waker = Waker::from(Arc::clone(&self));
        let poll = || self.future.poll(&mut Context::from_waker(&waker));
        let polled = match fault {
            Fault::ThreadsEndInAPanic => Ok(poll()),
            _ => panic::catch_unwind(AssertUnwindSafe(poll)),
        };
        let end = match polled {
            Ok(Poll::Ready(output)) => End::Finished(output),
            Ok(Poll::Pending) => {
                let mut state = lock(&self.state);
                let woken = *state == State::PolledAndWoken;
                if matches!(*state, State::Polled | State::PolledAndWoken) {
                    *state = State::Waits;
                }
                drop(state);
                if woken && fault != Fault::ForgetsWakesInsidePoll {
                    self.wake();
                }
                return;
            }
            Err(_) => End::Panicked,
        };
        self.end(end);
    }

    fn end(&self, end: End) {
        if mem::replace(&mut *lock(&self.state), State::Over) == State::Over {
            return;
        }
        let future = self.future.take();
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(future)));
        let ended = panic::catch_unwind(AssertUnwindSafe(|| self.join.end(end)));
        drop((dropped, ended));
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        match *state {
            State::Waits => *state = State::Queued,
            State::Polled => {
                *state = State::PolledAndWoken;
                return;
            }
            State::Queued | State::PolledAndWoken | State::Over => return,
        }
        drop(state);
        let Some(shared) = self.shared.upgrade() else { return };
        let mut queue = lock(&shared.queue);
        if queue.closed {
            drop(queue);
            return self.end(End::Cancelled);
        }
        queue.entries.push_back(self);
        drop(queue);
        shared.changed.notify_one();
    }
}
