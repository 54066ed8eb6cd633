//! The sleep and the wake of workers. After every push a worker comes for the entry. Otherwise all
//! threads of the model would sleep forever, and loom reports that.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Waker,
    time::Instant,
};

use lesson_executor::parts::driver::{Driver, Parking};
use lesson_fast_executor::parts::{idle::IdleWorkers, shared_driver::SleepPlace};
use loom::{
    sync::{Condvar, Mutex, atomic::AtomicUsize},
    thread,
};

use super::tools::bounded;

/// A queue of which only the length counts. It orders nothing by itself.
struct Pool {
    queue: AtomicUsize,
    idle: IdleWorkers,
    /// The number of entries that were taken, and a condition that announces it.
    taken: Mutex<usize>,
    bell: Condvar,
}

impl Pool {
    fn new(workers: usize) -> Arc<Self> {
        let (queue, taken, bell) = (AtomicUsize::new(0), Mutex::new(0), Condvar::new());
        Arc::new(Pool { queue, idle: IdleWorkers::new(workers), taken, bell })
    }

    fn is_more(&self) -> bool {
        self.queue.load(Relaxed) > 0
    }

    /// Takes an entry if there is one. As in a real queue, a read-modify-write takes it and sees
    /// the last push.
    fn take(&self) -> bool {
        self.queue.fetch_update(Relaxed, Relaxed, |entries| entries.checked_sub(1)).is_ok()
    }

    /// A worker that takes one entry, and is then busy until this many were taken.
    fn work(self: &Arc<Self>, worker: usize, until: usize) -> thread::JoinHandle<()> {
        let pool = Arc::clone(self);
        thread::spawn(move || {
            let (mut parking, mut searching) = (Clock(Parking::default()), false);
            while !pool.take() {
                searching = searching || pool.idle.search();
                let place = SleepPlace { worker, driver: &mut parking, is_shared: false };
                searching = pool.idle.sleep(place, searching, || pool.is_more());
            }
            if searching {
                pool.idle.found(|| pool.is_more());
            }
            let mut taken = pool.taken.lock().unwrap();
            *taken += 1;
            pool.bell.notify_all();
            while *taken < until {
                taken = pool.bell.wait(taken).unwrap();
            }
        })
    }

    fn push(&self) {
        self.queue.fetch_add(1, Relaxed);
        self.idle.notify();
    }
}

/// A parker with a clock: a deadline comes once all other threads have done what they can.
struct Clock(Parking);

impl Driver for Clock {
    fn park(&mut self, deadline: Option<Instant>) {
        match deadline {
            Some(_) => thread::yield_now(),
            None => self.0.park(None),
        }
    }

    fn turn(&mut self) {}

    fn unparker(&self) -> Waker {
        self.0.unparker()
    }
}

/// The worker falls asleep during the push.
#[test]
fn idle_sees_the_push() {
    loom::model(|| {
        let pool = Pool::new(1);
        let worker = pool.work(0, 1);
        pool.push();
        worker.join().unwrap();
    });
}

/// Two entries and two workers. A worker that has one entry is busy until the other one is taken.
/// So one worker cannot take both, and the one that searched must wake the other.
#[test]
fn idle_wakes_the_next() {
    bounded(2, || {
        let pool = Pool::new(2);
        let workers = [pool.work(0, 2), pool.work(1, 2)];
        pool.push();
        pool.push();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

/// A busy worker pushes the entry that it would take next, and wakes nobody, because there is a
/// watcher.
#[test]
fn idle_watches() {
    bounded(2, || {
        let pool = Pool::new(2);
        let other = pool.work(0, 1);
        // This thread is the second worker. It is in a poll.
        pool.queue.fetch_add(1, Relaxed);
        pool.idle.notify_of_next();
        // And that poll blocks.
        other.join().unwrap();
    });
}

/// At its deadline the watcher sees an entry, but the worker has taken it after all. Then the same
/// happens again.
#[test]
fn idle_goes_on_watching() {
    bounded(3, || {
        let pool = Pool::new(2);
        let other = pool.work(0, 1);
        pool.queue.fetch_add(1, Relaxed);
        pool.idle.notify_of_next();
        // The poll takes long.
        thread::yield_now();
        if pool.take() {
            pool.idle.ensure_watcher();
            pool.queue.fetch_add(1, Relaxed);
            pool.idle.notify_of_next();
        }
        other.join().unwrap();
    });
}

/// The watcher wakes up at its deadline, and at the same moment another thread wakes it. The
/// watcher then counts as searching until it has found a task. If it counted as searching after
/// that, no other worker would be woken any more.
#[test]
fn idle_is_woken_at_its_deadline() {
    bounded(3, || {
        let pool = Pool::new(2);
        let other = pool.work(0, 1);
        // The push comes from outside, while the second worker is in a poll.
        pool.push();
        other.join().unwrap();
        assert!(pool.idle.search(), "nobody searches");
    });
}

#[test]
fn idle_closes() {
    loom::model(|| {
        let pool = Pool::new(1);
        let theirs = Arc::clone(&pool);
        let worker = thread::spawn(move || {
            let mut parking = Parking::default();
            while !theirs.idle.is_closed() {
                let place = SleepPlace { worker: 0, driver: &mut parking, is_shared: false };
                let _ = theirs.idle.sleep(place, false, || false);
            }
        });
        pool.idle.close();
        worker.join().unwrap();
    });
}
