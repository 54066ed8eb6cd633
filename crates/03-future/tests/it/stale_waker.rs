//! A future that moves to another task: whom its delay wakes.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use harness::probe::{Gate, Task, WakerProbe};
use lesson_future::{s5_stale_delay, s6_delay, s7_cancelled_delay};

use crate::gated::gated;

/// How often the first and the last of two wakers are woken with which a delay was polled.
fn woken<D: Future<Output = ()>>(make: impl FnOnce(Box<dyn FnOnce() + Send>) -> D) -> (usize, usize) {
    let (wait, gate) = gated();
    let mut delay = Task::new(make(Box::new(wait)));
    let (first, last) = (WakerProbe::new(), WakerProbe::new());
    assert!(delay.poll_with(&first.waker()).is_pending());
    assert_eq!((first.live(), first.woken()), (1, 0));
    assert!(delay.poll_with(&last.waker()).is_pending());
    gate.open_and_wait();
    assert_eq!((first.live(), last.live()), (0, 0), "each is used up or let go of");
    assert!(delay.poll().is_ready());
    (first.woken(), last.woken())
}

#[test]
fn the_stale_delay_wakes_the_task_that_it_has_left() {
    assert_eq!(woken(s5_stale_delay::Delay::after), (1, 0));
}

#[test]
fn the_mended_ones_wake_the_task_that_waits() {
    assert_eq!(woken(s6_delay::Delay::after), (0, 1));
    assert_eq!(woken(s7_cancelled_delay::Delay::after), (0, 1));
}

/// Waits for it by its waker.
fn takes<D: Future<Output = ()>>(delay: D) -> Duration {
    let over = Gate::new();
    let opener = over.clone();
    let begin = Instant::now();
    let mut delay = Task::new(delay).with(&WakerProbe::new().on_wake(move || opener.open()));
    while delay.poll().is_pending() {
        over.wait();
    }
    begin.elapsed()
}

#[test]
fn a_delay_by_the_clock_is_not_early() {
    let duration = Duration::from_millis(5);
    assert!(takes(s5_stale_delay::Delay::new(duration)) >= duration);
    assert!(takes(s6_delay::Delay::new(duration)) >= duration);
    assert!(takes(s7_cancelled_delay::Delay::new(duration)) >= duration);
}
