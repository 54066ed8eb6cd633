//! A pool of two threads over one queue that passes every check, and the places where a [`Fault`] changes it.

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

use super::{join::Join, numbers::lock, with_unsafe::Unlocked};

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    None,
    ThreadsEndInAPanic,
    PollsTwiceAtOnce,
    ForgetsWakesInsidePoll,
    SleepsWithoutALook,
}

/// How many threads it has.
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
    /// Taken out while it is polled.
    future: Mutex<Option<Job>>,
    join: Join,
    /// If two threads may poll it at once.
    unlocked: Option<Unlocked>,
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
        self.shared.start(Some(job), None, join.clone());
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
            // One that has panicked is none the less over.
            let _ = thread.join();
        }
        let tasks = mem::take(&mut *lock(&self.shared.tasks));
        tasks.iter().filter_map(Weak::upgrade).for_each(|task| task.end(End::Cancelled));
        drop(entries);
    }
}

impl Shared {
    fn spawn(self: &Arc<Self>, work: Work) {
        if self.fault == Fault::PollsTwiceAtOnce {
            self.start(None, Some(Unlocked::new(work)), Join::default());
        } else {
            self.start(Some(Box::pin(super::one_thread::WithoutResult(work))), None, Join::default());
        }
    }

    fn start(self: &Arc<Self>, job: Option<Job>, unlocked: Option<Unlocked>, join: Join) {
        let (shared, state) = (Arc::downgrade(self), Mutex::default());
        let task = Arc::new(Task { shared, state, future: Mutex::new(job), join, unlocked });
        let mut tasks = lock(&self.tasks);
        // Those that are gone go when there are as many of them as there may be others.
        if tasks.len() == tasks.capacity() {
            tasks.retain(|task| task.strong_count() > 0);
        }
        tasks.push(Arc::downgrade(&task));
        drop(tasks);
        task.wake();
    }

    /// What each thread does.
    fn work(&self) {
        loop {
            let mut queue = lock(&self.queue);
            if self.fault == Fault::SleepsWithoutALook && !queue.closed {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
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
        if let Some(unlocked) = &self.unlocked {
            *lock(&self.state) = State::Waits;
            let waker = Waker::from(Arc::clone(&self));
            let _ = unlocked.poll(&mut Context::from_waker(&waker));
            return;
        }
        if mem::replace(&mut *lock(&self.state), State::Polled) == State::Over {
            return self.end(End::Cancelled);
        }
        let Some(mut future) = lock(&self.future).take() else { return };
        let waker = Waker::from(Arc::clone(&self));
        let mut poll = || future.as_mut().poll(&mut Context::from_waker(&waker));
        let polled = match fault {
            Fault::ThreadsEndInAPanic => Ok(poll()),
            _ => panic::catch_unwind(AssertUnwindSafe(poll)),
        };
        let end = match polled {
            Ok(Poll::Ready(output)) => End::Finished(output),
            Ok(Poll::Pending) => {
                *lock(&self.future) = Some(future);
                let woken = mem::replace(&mut *lock(&self.state), State::Waits) == State::PolledAndWoken;
                if woken && fault != Fault::ForgetsWakesInsidePoll {
                    self.wake();
                }
                return;
            }
            Err(_) => End::Panicked,
        };
        *lock(&self.future) = Some(future);
        self.end(end);
    }

    fn end(&self, end: End) {
        *lock(&self.state) = State::Over;
        let future = lock(&self.future).take();
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
