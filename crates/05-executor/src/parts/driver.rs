//! How an executor's thread sleeps while the run queue is empty. Here it sleeps in a parker. A
//! later lesson puts another driver in its place, which waits for sockets and timers too.

use std::{task::Waker, time::Instant};

use lesson_waker::s8_parker::Parker;

// ANCHOR: driver
/// What an executor's thread sleeps in.
///
/// A driver may know of events, such as data in a socket. Then futures leave their wakers with it,
/// and it wakes them in [`turn`](Driver::turn) and in [`park`](Driver::park).
pub trait Driver {
    /// Sleeps until the [`unparker`](Driver::unparker) is called, until the driver has woken a
    /// task, or until the deadline.
    ///
    /// If the unparker was called since the last `park` returned, `park` does not sleep. It may
    /// also return without a cause.
    fn park(&mut self, deadline: Option<Instant>);

    /// Wakes the tasks whose event has happened, and does not wait.
    ///
    /// An executor that is busy calls this at least every [`POLLS_PER_TURN`] polls. So tasks that
    /// wait for a socket or a timer are woken even while others keep the thread busy.
    fn turn(&mut self);

    /// A waker that ends [`park`](Driver::park). It works from any thread.
    ///
    /// A thread that wakes a task puts the task into the queue first, and calls this waker second.
    fn unparker(&self) -> Waker;
}
// ANCHOR_END: driver

/// The maximum number of polls between two [turns](Driver::turn) of the driver.
pub const POLLS_PER_TURN: u32 = 64;

/// A driver without events of its own. Its thread sleeps until another thread unparks it.
#[derive(Default)]
pub struct Parking(Parker);

impl Driver for Parking {
    fn park(&mut self, deadline: Option<Instant>) {
        match deadline {
            Some(deadline) => self.0.park_until(deadline),
            None => self.0.park(),
        }
    }

    fn turn(&mut self) {}

    fn unparker(&self) -> Waker {
        self.0.waker()
    }
}
