//! A driver that counts, and that wakes whoever waits for it: at its next turn, or while it is
//! slept in.
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

/// The driver, for an executor. It panics if two threads are in it at once.
pub struct Fake(Arc<Seen>);

/// What it sees, for the test and its tasks.
#[derive(Default)]
pub struct Seen {
    pub turns: AtomicUsize,
    pub parks: AtomicUsize,
    /// The most polls between two of these, of those that were [told](Seen::polled) here.
    pub most_polls: AtomicU32,
    polls: AtomicU32,
    waits: Mutex<Vec<Waker>>,
    entered: AtomicBool,
    bell: (Mutex<bool>, Condvar),
}

impl Fake {
    pub fn new() -> (Self, Arc<Seen>) {
        let seen = Arc::<Seen>::default();
        (Fake(Arc::clone(&seen)), seen)
    }

    fn enter<R>(&self, stay: impl FnOnce(&Seen) -> R) -> R {
        assert!(!self.0.entered.swap(true, SeqCst), "two are in the driver");
        let result = stay(&self.0);
        self.0.entered.store(false, SeqCst);
        result
    }
}

impl Driver for Fake {
    fn park(&mut self, deadline: Option<Instant>) {
        self.enter(|seen| {
            seen.parks.fetch_add(1, SeqCst);
            if !seen.wake_who_waits() {
                seen.sleep(deadline);
            }
        });
    }

    fn turn(&mut self) {
        self.enter(|seen| {
            seen.turns.fetch_add(1, SeqCst);
            seen.wake_who_waits();
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
        *self.bell.0.lock().unwrap() = true;
        self.bell.1.notify_one();
    }
}

impl Seen {
    /// Whether somebody does.
    fn wake_who_waits(&self) -> bool {
        self.polls.store(0, SeqCst);
        let waiting = mem::take(&mut *self.waits.lock().unwrap());
        let any = !waiting.is_empty();
        waiting.into_iter().for_each(Waker::wake);
        any
    }

    fn sleep(&self, deadline: Option<Instant>) {
        let (rung, bell) = &self.bell;
        let rung = rung.lock().unwrap();
        let mut rung = match deadline {
            Some(deadline) => {
                let time = deadline.saturating_duration_since(Instant::now());
                bell.wait_timeout_while(rung, time, |rung| !*rung).unwrap().0
            }
            None => bell.wait_while(rung, |rung| !*rung).unwrap(),
        };
        *rung = false;
    }

    /// To be called in each poll that counts.
    pub fn polled(&self) {
        self.most_polls.fetch_max(self.polls.fetch_add(1, SeqCst) + 1, SeqCst);
    }

    /// Ready once the driver has woken it.
    pub async fn event(self: Arc<Self>) {
        let mut registered = false;
        poll_fn(|cx| {
            if registered {
                return Poll::Ready(());
            }
            registered = true;
            self.waits.lock().unwrap().push(cx.waker().clone());
            // As a real driver would be told of what is new.
            self.wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Wakes itself in each poll until it has been polled so often, or is told to stop.
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
