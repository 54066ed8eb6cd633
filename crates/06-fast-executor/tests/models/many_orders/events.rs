//! A driver for models. It wakes the task that waits for an event, at its next turn or when a
//! worker parks. If its clock goes, a deadline may come at any moment. If the clock stands still,
//! no deadline comes.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Poll, Wake, Waker},
    time::Instant,
};

use lesson_executor::parts::driver::Driver;
use shuttle::{
    sync::{Condvar, Mutex},
    thread,
};

/// The driver.
#[derive(Clone)]
pub struct Events(Arc<Inside>);

struct Inside {
    waits: Mutex<Option<Waker>>,
    unparked: Flag,
    clock_goes: bool,
}

impl Events {
    pub fn with_a_clock() -> Self {
        Events::new(true)
    }

    pub fn whose_clock_stands_still() -> Self {
        Events::new(false)
    }

    fn new(clock_goes: bool) -> Self {
        Events(Arc::new(Inside { waits: Mutex::default(), unparked: Flag::default(), clock_goes }))
    }

    /// Is ready when the driver has woken it.
    pub async fn next(&self) {
        let mut registered = false;
        poll_fn(|cx| {
            if registered {
                return Poll::Ready(());
            }
            registered = true;
            *self.0.waits.lock().unwrap() = Some(cx.waker().clone());
            // A real driver is told of a new registration too.
            self.0.unparked.set();
            Poll::Pending
        })
        .await;
    }

    /// Whether a task was woken.
    fn happens(&self) -> bool {
        let waker = self.0.waits.lock().unwrap().take();
        waker.map(Waker::wake).is_some()
    }
}

impl Driver for Events {
    fn park(&mut self, deadline: Option<Instant>) {
        if self.happens() {
            return;
        }
        if deadline.is_some() && self.0.clock_goes {
            thread::yield_now();
        } else {
            self.0.unparked.wait();
        }
        self.0.unparked.unset();
    }

    fn turn(&mut self) {
        self.happens();
    }

    fn unparker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }
}

impl Wake for Inside {
    fn wake(self: Arc<Self>) {
        self.unparked.set();
    }
}

/// A thread blocks until the flag is set.
#[derive(Default)]
pub struct Flag(Mutex<bool>, Condvar);

impl Flag {
    pub fn set(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    pub fn is_set(&self) -> bool {
        *self.0.lock().unwrap()
    }

    pub fn wait(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |set| !*set).unwrap());
    }

    fn unset(&self) {
        *self.0.lock().unwrap() = false;
    }
}
