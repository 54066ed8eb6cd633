//! Which workers of a pool sleep, and which of them a wake wakes: nobody if none sleeps, so that it
//! costs no call of the kernel; and nobody if one is on its way already, which will wake the next
//! if there is more than it takes itself.

use std::{
    sync::{
        PoisonError,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::Waker,
    time::{Duration, Instant},
};

use super::seats::Seat;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, MutexGuard, fence};

// ANCHOR: word
/// The lower bits count the workers that search: they are awake, have nothing yet, and will look
/// into every queue.
const SEARCHER: usize = 1;
const SEARCHERS: usize = WATCHED - 1;
/// One of the sleepers looks again by itself now and then.
const WATCHED: usize = 1 << 15;
/// The upper bits count those that sleep, or are about to.
const SLEEPER: usize = 1 << 16;
// ANCHOR_END: word

/// How long a task waits at most that was pushed without a notice, while a worker sleeps; and so
/// does the driver that a worker has left, when a poll of that worker blocks.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Who sleeps, of a number of workers.
pub struct Idle {
    /// Written under the lock where it concerns sleepers.
    word: AtomicUsize,
    closed: AtomicBool,
    asleep: Mutex<Asleep>,
    workers: usize,
}

struct Asleep {
    /// The one that fell asleep last is woken first; the one that sleeps in the driver, last.
    stack: Vec<Sleeper>,
    /// Which of them looks again by itself. There is one while another worker is awake, or has
    /// begun to look for something.
    watcher: Option<usize>,
}

struct Sleeper {
    worker: usize,
    unparker: Waker,
}

impl Idle {
    /// All are awake.
    pub fn new(workers: usize) -> Self {
        assert!(workers < WATCHED, "the word has room for their number");
        let asleep = Mutex::new(Asleep { stack: Vec::with_capacity(workers), watcher: None });
        Idle { word: AtomicUsize::new(0), closed: AtomicBool::new(false), asleep, workers }
    }

    // ANCHOR: notify
    /// Something was put into a queue: wakes one, if one sleeps and nobody searches.
    #[inline]
    pub fn notify(&self) {
        // Between the push and this look, as in `sleep` between the entry there and the look into
        // the queues: one of the two sees the other.
        fence(SeqCst);
        if self.is_wanting() {
            self.wake_one();
        }
    }

    /// The same for what a worker has put into its own queue, without the fence, which costs as
    /// much as all the rest of a yield. Without it, one that goes to sleep at this moment may be
    /// missed, and miss the entry. But as this worker is awake, one of the sleepers watches, if not
    /// that one, or is seen to by whoever was woken; and this worker looks again before its next
    /// poll.
    #[inline]
    pub fn notify_of_own(&self) {
        if self.is_wanting() {
            self.wake_one();
        }
    }

    /// The same for what it takes itself after its poll. That nobody else need come for, unless the
    /// poll takes long; and then whoever watches comes.
    #[inline]
    pub fn notify_of_next(&self) {
        if self.word.load(Relaxed) & WATCHED == 0 {
            self.notify_of_own();
        }
    }

    #[inline]
    fn is_wanting(&self) -> bool {
        let word = self.word.load(Relaxed);
        word & SEARCHERS == 0 && word >= SLEEPER
    }

    #[cold]
    fn wake_one(&self) {
        let mut asleep = self.lock();
        if self.is_wanting() {
            let woken = self.pop(&mut asleep);
            drop(asleep);
            woken.into_iter().for_each(Waker::wake);
        }
    }

    /// Takes one off the stack, which searches from now on.
    fn pop(&self, asleep: &mut Asleep) -> Option<Waker> {
        let Sleeper { worker, unparker } = asleep.stack.pop()?;
        self.leaves(asleep, worker, SEARCHER);
        Some(unparker)
    }

    fn leaves(&self, asleep: &mut Asleep, worker: usize, as_what: usize) {
        let watched = if asleep.watcher.take_if(|watcher| *watcher == worker).is_some() { WATCHED } else { 0 };
        self.word.fetch_sub(SLEEPER + watched - as_what, SeqCst);
    }
    // ANCHOR_END: notify

    /// Before a poll, which may take long: if there are sleepers of whom none watches, wakes one.
    /// It will find nothing, or something that nobody was told of, or the driver that nobody is in;
    /// and then it watches.
    #[inline]
    pub fn see_to_a_watch(&self) {
        if self.is_unwatched() {
            self.wake_to_watch();
        }
    }

    #[inline]
    fn is_unwatched(&self) -> bool {
        let word = self.word.load(Relaxed);
        word & WATCHED == 0 && word >= SLEEPER
    }

    #[cold]
    fn wake_to_watch(&self) {
        let mut asleep = self.lock();
        if self.is_unwatched() {
            let woken = self.pop(&mut asleep);
            drop(asleep);
            woken.into_iter().for_each(Waker::wake);
        }
    }

    // ANCHOR: search
    /// Whether a worker that has nothing may search. No more than half of them do, since they are
    /// in each other's way.
    pub fn search(&self) -> bool {
        let may = 2 * (self.word.load(Relaxed) & SEARCHERS) < self.workers;
        if may {
            self.word.fetch_add(SEARCHER, SeqCst);
        }
        may
    }

    /// One that searched has found something. If it was the last to search, others may have relied
    /// on it: it looks for them, too.
    pub fn found(&self, is_more: impl Fn() -> bool) {
        if self.word.fetch_sub(SEARCHER, SeqCst) & SEARCHERS == SEARCHER {
            fence(SeqCst);
            if self.is_wanting() && is_more() {
                self.wake_one();
            }
        }
    }
    // ANCHOR_END: search

    // ANCHOR: sleep
    /// Sleeps, unless there is something in a queue. Whether the worker searches now; if not, it
    /// looks again all the same.
    #[must_use = "one that searches is relied upon"]
    pub fn sleep(&self, seat: Seat<'_>, searching: bool, is_more: impl Fn() -> bool) -> bool {
        let Seat { worker, driver, is_shared } = seat;
        if !self.enter(worker, driver.unparker(), is_shared, searching) {
            return false;
        }
        fence(SeqCst);
        loop {
            if is_more() {
                self.leave(worker, SEARCHER);
                return true;
            }
            let watches = self.watches(worker);
            driver.park(watches.then(|| Instant::now() + LOOK_AGAIN));
            if !self.is_asleep(worker) {
                return true;
            }
            if watches {
                // By itself, and to begin anew: there may be something to take, or the driver may
                // be free now.
                return !self.leave(worker, 0);
            }
        }
    }
    // ANCHOR_END: sleep

    fn enter(&self, worker: usize, unparker: Waker, is_shared: bool, searching: bool) -> bool {
        let mut asleep = self.lock();
        if self.is_closed() {
            return false;
        }
        let place = if is_shared { 0 } else { asleep.stack.len() };
        asleep.stack.insert(place, Sleeper { worker, unparker });
        self.word.fetch_add(SLEEPER - if searching { SEARCHER } else { 0 }, SeqCst);
        true
    }

    /// It gets up by itself; `false` if it was woken meanwhile, and searches.
    fn leave(&self, worker: usize, as_what: usize) -> bool {
        let mut asleep = self.lock();
        let Some(place) = asleep.stack.iter().position(|sleeper| sleeper.worker == worker) else { return false };
        asleep.stack.remove(place);
        self.leaves(&mut asleep, worker, as_what);
        true
    }

    /// Whether this sleeper is the one that looks again: if nobody does, and not all sleep.
    fn watches(&self, worker: usize) -> bool {
        let mut asleep = self.lock();
        let watches = asleep.watcher.is_none() && asleep.stack.len() < self.workers;
        if watches && asleep.stack.iter().any(|sleeper| sleeper.worker == worker) {
            asleep.watcher = Some(worker);
            self.word.fetch_add(WATCHED, SeqCst);
        }
        watches
    }

    fn is_asleep(&self, worker: usize) -> bool {
        self.lock().stack.iter().any(|sleeper| sleeper.worker == worker)
    }

    /// Whether the workers are to stop.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Wakes all, for the last time.
    pub fn close(&self) {
        let mut asleep = self.lock();
        self.closed.store(true, SeqCst);
        let woken: Vec<Waker> = std::iter::from_fn(|| self.pop(&mut asleep)).collect();
        drop(asleep);
        woken.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Asleep> {
        self.asleep.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
