//! Sleep and wake-up of workers: whenever an entry is pushed, a worker comes for it. If none came,
//! all threads of the model would sleep forever, and loom reports that.

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
    /// How many entries were taken, and a bell that rings then.
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

    /// Takes an entry if there is one. As in a real queue, it is a read-modify-write that takes,
    /// and sees the last push.
    fn take(&self) -> bool {
        self.queue.fetch_update(Relaxed, Relaxed, |entries| entries.checked_sub(1)).is_ok()
    }

    /// A worker, until it has taken one entry; then it is busy until so many were taken.
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

/// A parker, and a clock by which each deadline comes once everybody else has done what they can.
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

/// It falls asleep while something is pushed.
#[test]
fn idle_sees_the_push() {
    loom::model(|| {
        let pool = Pool::new(1);
        let worker = pool.work(0, 1);
        pool.push();
        worker.join().unwrap();
    });
}

/// Two entries, two workers, and who takes one is busy until the other is taken: so one cannot do
/// for both, and who relied on it is looked for.
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

/// A worker that is busy puts something where it would take it next, and tells nobody, since
/// somebody watches.
#[test]
fn idle_watches() {
    bounded(2, || {
        let pool = Pool::new(2);
        let other = pool.work(0, 1);
        // This thread is the second worker, in a poll.
        pool.queue.fetch_add(1, Relaxed);
        pool.idle.notify_of_next();
        // And the poll blocks.
        other.join().unwrap();
    });
}

/// The watcher sees something at its deadline, and the worker itself has taken it after all. Then
/// the same as above.
#[test]
fn idle_goes_on_watching() {
    bounded(3, || {
        let pool = Pool::new(2);
        let other = pool.work(0, 1);
        pool.queue.fetch_add(1, Relaxed);
        pool.idle.notify_of_next();
        // The poll takes its time.
        thread::yield_now();
        if pool.take() {
            pool.idle.ensure_watcher();
            pool.queue.fetch_add(1, Relaxed);
            pool.idle.notify_of_next();
        }
        other.join().unwrap();
    });
}

/// Somebody wakes the watcher while it gets up by itself. It counts as one that searches then, and
/// no longer once it has found something: if it still did, nobody would be woken any more.
#[test]
fn idle_is_woken_at_its_deadline() {
    bounded(3, || {
        let pool = Pool::new(2);
        let other = pool.work(0, 1);
        // From outside, while the second worker is in a poll.
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
