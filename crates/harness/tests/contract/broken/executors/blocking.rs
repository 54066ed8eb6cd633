//! Functions that block on one future: one that passes every check, and the places where a
//! [`Fault`] changes it.

use std::{
    cell::Cell,
    panic,
    sync::{Arc, Condvar, Mutex, PoisonError},
    task::{Context, Wake, Waker},
    thread::{self, Thread},
};

use harness::Work;

use super::numbers::lock;

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    None,
    ForgetsEarlyWakes,
    ParksTheThread,
    OneForAThread,
    PanicsNested,
    PollsAfterTheEnd,
}

/// Whether a wake came, and the condition variable to wait for one.
#[derive(Default)]
struct Parker(Mutex<bool>, Condvar);

impl Parker {
    fn park(&self) {
        let woken = self.1.wait_while(lock(&self.0), |woken| !*woken);
        *woken.unwrap_or_else(PoisonError::into_inner) = false;
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        *lock(&self.0) = true;
        self.1.notify_one();
    }
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static OF_THIS_THREAD: Arc<Parker> = Arc::default();
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Drives `work` to its end.
pub fn block_on(fault: Fault, mut work: Work) {
    let depth = DEPTH.replace(DEPTH.get() + 1);
    if fault == Fault::PanicsNested && depth > 0 {
        DEPTH.set(depth);
        panic::resume_unwind(Box::new("block_on inside block_on"));
    }
    let parker = if fault == Fault::OneForAThread { OF_THIS_THREAD.with(Arc::clone) } else { Arc::default() };
    let waker = match fault {
        Fault::ParksTheThread => Waker::from(Arc::new(Parked(thread::current()))),
        _ => Waker::from(Arc::clone(&parker)),
    };
    let mut poll = || work.as_mut().poll(&mut Context::from_waker(&waker));
    while poll().is_pending() {
        match fault {
            Fault::ParksTheThread => thread::park(),
            Fault::ForgetsEarlyWakes => {
                *lock(&parker.0) = false;
                parker.park();
            }
            _ => parker.park(),
        }
    }
    if fault == Fault::PollsAfterTheEnd {
        let _ = poll();
    }
    DEPTH.set(depth);
}
