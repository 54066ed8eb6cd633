//! A driver that counts its calls. It wakes the tasks that wait for it at its next turn, or when
//! the executor parks.
#![allow(dead_code, reason = "each program uses a part of it")]

use std::{
    future::poll_fn,
    mem,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Wake, Waker},
    time::Instant,
};

use lesson_executor::parts::driver::Driver;

/// The driver, for an executor. It panics if two threads use it at once.
pub struct Fake(Arc<Seen>);

/// What the driver has seen. The test and its tasks share it.
#[derive(Default)]
pub struct Seen {
    pub turns: AtomicUsize,
    pub parks: AtomicUsize,
    /// The largest number of polls between two calls, of those that [`Seen::polled`] counts.
    pub most_polls: AtomicU32,
    polls: AtomicU32,
    waiting: Mutex<Vec<Waker>>,
    entered: AtomicBool,
    unparked: (Mutex<bool>, Condvar),
}

impl Fake {
    pub fn new() -> (Self, Arc<Seen>) {
        let seen = Arc::<Seen>::default();
        (Fake(Arc::clone(&seen)), seen)
    }

    fn enter<R>(&self, body: impl FnOnce(&Seen) -> R) -> R {
        assert!(!self.0.entered.swap(true, SeqCst), "two threads use the driver at once");
        let result = body(&self.0);
        self.0.entered.store(false, SeqCst);
        result
    }
}

impl Driver for Fake {
    fn park(&mut self, deadline: Option<Instant>) {
        self.enter(|seen| {
            seen.parks.fetch_add(1, SeqCst);
            if !seen.wake_waiting() {
                seen.sleep(deadline);
            }
        });
    }

    fn turn(&mut self) {
        self.enter(|seen| {
            seen.turns.fetch_add(1, SeqCst);
            seen.wake_waiting();
        });
    }

    fn unparker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }
}

impl Wake for Seen {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.unparked.0.lock().unwrap() = true;
        self.unparked.1.notify_one();
    }
}

impl Seen {
    /// Returns whether there was a task to wake.
    fn wake_waiting(&self) -> bool {
        self.polls.store(0, SeqCst);
        let waiting = mem::take(&mut *self.waiting.lock().unwrap());
        let any = !waiting.is_empty();
        waiting.into_iter().for_each(Waker::wake);
        any
    }

    fn sleep(&self, deadline: Option<Instant>) {
        let (unparked, changed) = &self.unparked;
        let unparked = unparked.lock().unwrap();
        let mut unparked = match deadline {
            Some(deadline) => {
                let time = deadline.saturating_duration_since(Instant::now());
                changed.wait_timeout_while(unparked, time, |unparked| !*unparked).unwrap().0
            }
            None => changed.wait_while(unparked, |unparked| !*unparked).unwrap(),
        };
        *unparked = false;
    }

    /// Counts a poll.
    pub fn polled(&self) {
        self.most_polls.fetch_max(self.polls.fetch_add(1, SeqCst) + 1, SeqCst);
    }

    /// Is ready when the driver has woken it.
    pub async fn event(self: Arc<Self>) {
        let mut registered = false;
        poll_fn(|cx| {
            if registered {
                return Poll::Ready(());
            }
            registered = true;
            self.waiting.lock().unwrap().push(cx.waker().clone());
            // A real driver is told of a new registration too.
            self.wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Wakes itself in each poll, until it has had this many polls or `stop` is set. Returns the
    /// number of polls.
    pub async fn busy(self: Arc<Self>, most: u32, stop: Arc<AtomicBool>) -> u32 {
        let mut polls = 0;
        poll_fn(|cx| {
            self.polled();
            polls += 1;
            if polls == most || stop.load(SeqCst) {
                return Poll::Ready(polls);
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }
}
