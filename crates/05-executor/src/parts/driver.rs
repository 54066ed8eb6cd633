//! The seam for sleeping. An executor that has nothing to poll parks, and here is what in: a
//! parker, or in a later lesson what waits for sockets and timers as well.

use std::{task::Waker, time::Instant};

use lesson_waker::s8_parker::Parker;

// ANCHOR: driver
/// What an executor's thread sleeps in, and looks into while it does not sleep.
///
/// It wakes tasks by the wakers that they left with it, in [`turn`](Driver::turn) and
/// [`park`](Driver::park). Whoever wakes on another thread calls the [`unparker`](Driver::unparker)
/// after the task is in the queue; on the executor's own, it may.
pub trait Driver {
    /// Sleeps until it is unparked, until it has woken somebody itself, or until the deadline. If
    /// it was unparked since it last returned from here, it does not sleep. It may return without a
    /// cause.
    fn park(&mut self, deadline: Option<Instant>);

    /// Wakes whoever can be woken, and does not wait. An executor calls it after every
    /// [`POLLS_PER_TURN`] polls at the latest, so that those who wait for a socket or a timer have
    /// their turn, however busy the others are.
    fn turn(&mut self);

    /// What ends [`park`](Driver::park), from any thread: to unpark is to wake this waker.
    fn unparker(&self) -> Waker;
}
// ANCHOR_END: driver

/// How many polls there are at most between two [turns](Driver::turn) of the driver.
pub const POLLS_PER_TURN: u32 = 64;

/// A driver that waits for nothing but to be unparked.
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
