//! A queue of task numbers. A thread, or the runners of an executor, sleep until it has one.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use super::one_thread::Fault;

/// The queue.
pub struct Numbers {
    fault: Fault,
    pub queue: Mutex<VecDeque<usize>>,
    changed: Condvar,
    next: AtomicUsize,
    sleepers: Mutex<Vec<(usize, Waker)>>,
}

impl Numbers {
    pub fn new(fault: Fault) -> Self {
        let (queue, changed, next, sleepers) = Default::default();
        Numbers { fault, queue, changed, next, sleepers }
    }

    /// A new number.
    pub fn fresh(&self) -> usize {
        self.next.fetch_add(1, SeqCst)
    }

    pub fn len(&self) -> usize {
        lock(&self.queue).len()
    }

    pub fn push(&self, number: usize) {
        lock(&self.queue).push_back(number);
        self.changed.notify_one();
        self.wake_one();
    }

    pub fn pop(&self) -> Option<usize> {
        let mut queue = lock(&self.queue);
        if self.fault == Fault::NewestFirst { queue.pop_back() } else { queue.pop_front() }
    }

    pub fn forget(&self, number: usize) {
        lock(&self.queue).retain(|other| *other != number);
    }

    /// Blocks until the queue has a number, or until a point in time.
    pub fn park(&self, until: Option<Instant>) {
        match self.fault {
            Fault::Spins => return thread::yield_now(),
            Fault::LooksEveryMillisecond => {
                let _ = self.changed.wait_timeout(lock(&self.queue), Duration::from_millis(1));
                return;
            }
            _ => {}
        }
        let queue = lock(&self.queue);
        let Some(until) = until else {
            drop(self.changed.wait_while(queue, |queue| queue.is_empty()));
            return;
        };
        let left = until.saturating_duration_since(Instant::now());
        drop(self.changed.wait_timeout_while(queue, left, |queue| queue.is_empty()));
    }

    /// Registers a runner. After this it looks at the queue once more, and sleeps if it is empty.
    pub fn sleep(&self, runner: usize, waker: &Waker) {
        let mut sleepers = lock(&self.sleepers);
        sleepers.retain(|(other, _)| *other != runner);
        sleepers.push((runner, waker.clone()));
    }

    /// Removes a runner that does not sleep any more.
    pub fn wake_up(&self, runner: usize) {
        lock(&self.sleepers).retain(|(other, _)| *other != runner);
    }

    /// Wakes one sleeping runner, if there is one.
    pub fn wake_one(&self) {
        let sleeper = lock(&self.sleepers).pop();
        sleeper.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

/// Locks a mutex, and ignores that it is poisoned.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
