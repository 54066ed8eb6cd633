//! A delay that is dropped while it waits: what its thread still holds of the task.

use std::future::Future;

use harness::probe::{Task, WakerProbe, canary};
use lesson_future::{s6_delay, s7_cancelled_delay};

use crate::gated::gated;

/// Polls a delay and drops it: how many wakers are left before its thread fires, and how many wakes
/// come after.
fn dropped<D: Future<Output = ()>>(make: impl FnOnce(Box<dyn FnOnce() + Send>) -> D) -> (usize, usize) {
    let (wait, gate) = gated();
    let (probe, mut delay) = (WakerProbe::new(), Task::new(make(Box::new(wait))));
    assert!(delay.poll_with(&probe.waker()).is_pending());
    drop(delay);
    let left = probe.live();
    gate.open_and_wait();
    assert_eq!(probe.live(), 0);
    (left, probe.woken())
}

#[test]
fn the_mended_delay_leaves_its_waker_with_the_thread() {
    assert_eq!(dropped(s6_delay::Delay::after), (1, 1));
}

#[test]
fn the_cancelled_one_takes_it_back() {
    assert_eq!(dropped(s7_cancelled_delay::Delay::after), (0, 0));
}

#[test]
fn dropped_before_its_first_poll_it_has_started_nothing() {
    let (canary, seen) = canary();
    let delay = s7_cancelled_delay::Delay::after(move || {
        drop(canary);
        unreachable!("nobody polls");
    });
    drop(delay);
    assert_eq!(seen.drops(), 1, "what it would have waited for goes with it, on this thread");
}
