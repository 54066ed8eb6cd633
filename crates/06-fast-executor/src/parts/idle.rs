//! The workers of a pool that have nothing to do. A thread that queues a task asks here whether to
//! wake a worker. If no worker sleeps, that costs no system call. If a worker already searches, no
//! other one is woken: the searching worker wakes the next one if there is more than it takes.

use std::{
    sync::{
        PoisonError,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    task::Waker,
    time::{Duration, Instant},
};

use super::shared_driver::SleepPlace;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, MutexGuard, fence};

// ANCHOR: word
/// The lowest 15 bits count the searching workers.
const SEARCHER: usize = 1;
const SEARCHERS: usize = WATCHED - 1;
/// One of the sleepers is the watcher.
const WATCHED: usize = 1 << 15;
/// The upper bits count the sleeping workers.
const SLEEPER: usize = 1 << 16;
// ANCHOR_END: word

/// The time after which the watcher looks into the queues by itself.
///
/// If a worker sleeps, a task for which no worker was woken waits at most this long. So does the
/// driver, if the worker that used it blocks in a poll.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The workers of a pool that search or sleep.
///
/// - A **searching** worker is awake, has found no task yet, and will look into every queue before
///   it sleeps. A worker that was woken counts as searching from the moment of the wake.
/// - A **sleeping** worker is in its sleep place, or about to be. It has announced that in the
///   word, so a thread that queues a task sees it.
/// - The **watcher** is a sleeping worker that looks into the queues every 10 ms. It finds the
///   tasks for which no worker was woken.
///
/// All other workers poll.
///
/// ```text
///            takes a task              finds none                 announces it
///   polls <──────────────── looks ──────────────────> searches ─────────────────> sleeps
///     │                       ^                           │                          │
///     └───────────────────────┘                           │      is woken, or sees a task
///         the poll has ended    <─────────────────────────┘ <────────────────────────┘
///                                   takes a task (`found`)
/// ```
pub struct IdleWorkers {
    /// How many workers search and sleep, and whether there is a watcher. The lock is held for each
    /// change that concerns sleepers.
    word: AtomicUsize,
    closed: AtomicBool,
    asleep: Mutex<Asleep>,
    workers: usize,
}

struct Asleep {
    /// A stack: the worker that fell asleep last is woken first, because its caches are warm. The
    /// worker in the shared driver is at the bottom, so it is woken last.
    stack: Vec<Sleeper>,
    /// The watcher. There is one while workers sleep and another worker is awake, except for a
    /// moment: then [`IdleWorkers::ensure_watcher`] makes one before the next poll.
    watcher: Option<usize>,
}

struct Sleeper {
    worker: usize,
    unparker: Waker,
}

impl IdleWorkers {
    /// All workers of a pool are awake.
    pub fn new(workers: usize) -> Self {
        assert!(workers < WATCHED, "a pool has at most {} workers", WATCHED - 1);
        let asleep = Mutex::new(Asleep { stack: Vec::with_capacity(workers), watcher: None });
        IdleWorkers { word: AtomicUsize::new(0), closed: AtomicBool::new(false), asleep, workers }
    }

    // ANCHOR: notify
    /// Wakes a worker after a push, if one sleeps and none searches.
    #[inline]
    pub fn notify(&self) {
        // Here: push, fence, look at the word. In `sleep`: write the word, fence, look into the
        // queues. So the push is seen there, or the sleeper is seen here.
        fence(SeqCst);
        if self.is_wake_needed() {
            self.wake_one();
        }
    }

    /// The same after a push by a worker into its own queue. It has no fence, which would cost as
    /// much as all the rest of a yield.
    ///
    /// Without the fence, a worker that falls asleep now may miss the push, and be missed here.
    /// That does no harm: this worker looks again before its next poll. And while it is awake,
    /// there is a watcher.
    #[inline]
    pub fn notify_of_own(&self) {
        if self.is_wake_needed() {
            self.wake_one();
        }
    }

    /// The same after a push of the task that this worker will take next. If there is a watcher, no
    /// worker is woken: no other worker has to come, unless the current poll takes long. Then the
    /// watcher comes.
    #[inline]
    pub fn notify_of_next(&self) {
        if self.word.load(Relaxed) & WATCHED == 0 {
            self.notify_of_own();
        }
    }

    #[inline]
    fn is_wake_needed(&self) -> bool {
        let word = self.word.load(Relaxed);
        word & SEARCHERS == 0 && word >= SLEEPER
    }

    #[cold]
    fn wake_one(&self) {
        let mut asleep = self.lock();
        if self.is_wake_needed() {
            let woken = self.pop(&mut asleep);
            drop(asleep);
            woken.into_iter().for_each(Waker::wake);
        }
    }

    /// Takes one worker off the stack. It searches from now on.
    fn pop(&self, asleep: &mut Asleep) -> Option<Waker> {
        let Sleeper { worker, unparker } = asleep.stack.pop()?;
        self.record_awake(asleep, worker, SEARCHER);
        Some(unparker)
    }

    /// Updates the word after a worker has woken up. `as_what` is `SEARCHER` if the worker now
    /// counts as searching, else 0.
    fn record_awake(&self, asleep: &mut Asleep, worker: usize, as_what: usize) {
        let watched = if asleep.watcher.take_if(|watcher| *watcher == worker).is_some() { WATCHED } else { 0 };
        self.word.fetch_sub(SLEEPER + watched - as_what, SeqCst);
    }
    // ANCHOR_END: notify

    /// Makes sure before a poll, which may take long, that there is a watcher if workers sleep.
    ///
    /// It wakes a sleeper. That worker looks into the queues and the driver, and if it finds
    /// nothing, it sleeps again as the watcher.
    #[inline]
    pub fn ensure_watcher(&self) {
        if self.is_watcher_missing() {
            self.wake_to_watch();
        }
    }

    #[inline]
    fn is_watcher_missing(&self) -> bool {
        let word = self.word.load(Relaxed);
        word & WATCHED == 0 && word >= SLEEPER
    }

    #[cold]
    fn wake_to_watch(&self) {
        let mut asleep = self.lock();
        if self.is_watcher_missing() {
            let woken = self.pop(&mut asleep);
            drop(asleep);
            woken.into_iter().for_each(Waker::wake);
        }
    }

    // ANCHOR: search
    /// Whether a worker without a task may search. At most half of the workers search at once,
    /// because searching workers slow each other down.
    pub fn search(&self) -> bool {
        let may = 2 * (self.word.load(Relaxed) & SEARCHERS) < self.workers;
        if may {
            self.word.fetch_add(SEARCHER, SeqCst);
        }
        may
    }

    /// A searching worker has found a task. If it was the last one that searched, it wakes the next
    /// worker if there is more: the threads that queued those tasks relied on it.
    pub fn found(&self, is_more: impl Fn() -> bool) {
        if self.word.fetch_sub(SEARCHER, SeqCst) & SEARCHERS == SEARCHER {
            fence(SeqCst);
            if self.is_wake_needed() && is_more() {
                self.wake_one();
            }
        }
    }
    // ANCHOR_END: search

    // ANCHOR: sleep
    /// Sleeps, unless a queue has a task. Returns `true` if the worker now counts as searching.
    /// With either result, it must check the queues next.
    #[must_use = "other threads rely on a searching worker"]
    pub fn sleep(&self, place: SleepPlace<'_>, searching: bool, is_more: impl Fn() -> bool) -> bool {
        let SleepPlace { worker, driver, is_shared } = place;
        if !self.announce(worker, driver.unparker(), is_shared, searching) {
            return false;
        }
        fence(SeqCst);
        loop {
            if is_more() {
                self.get_up(worker, SEARCHER);
                return true;
            }
            let watches = self.watches(worker);
            driver.park(watches.then(|| Instant::now() + LOOK_AGAIN));
            if !self.is_asleep(worker) {
                return true;
            }
            if watches {
                // The watcher gets up after its time, whatever it finds: then it takes a task, gets
                // the driver, or becomes the watcher again.
                return !self.get_up(worker, 0);
            }
        }
    }
    // ANCHOR_END: sleep

    /// Counts this worker among the sleepers. Returns `false` if the pool is closed.
    fn announce(&self, worker: usize, unparker: Waker, is_shared: bool, searching: bool) -> bool {
        let mut asleep = self.lock();
        if self.is_closed() {
            return false;
        }
        let place = if is_shared { 0 } else { asleep.stack.len() };
        asleep.stack.insert(place, Sleeper { worker, unparker });
        self.word.fetch_add(SLEEPER - if searching { SEARCHER } else { 0 }, SeqCst);
        true
    }

    /// The worker gets up by itself. Returns `false` if another thread has woken it meanwhile: then
    /// it searches.
    fn get_up(&self, worker: usize, as_what: usize) -> bool {
        let mut asleep = self.lock();
        let Some(place) = asleep.stack.iter().position(|sleeper| sleeper.worker == worker) else { return false };
        asleep.stack.remove(place);
        self.record_awake(&mut asleep, worker, as_what);
        true
    }

    /// Makes this sleeper the watcher if there is none and not all workers sleep. Returns whether
    /// it sleeps with a deadline.
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

    /// Whether the workers must stop.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Tells the workers to stop, and wakes them all.
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
