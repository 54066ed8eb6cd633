//! Who keeps a waker, and for how long: it is let go of with the place, the wait or the receiver
//! that it was left with.

use std::{future::Future as _, pin::pin, sync::Arc, task::Context};

use harness::probe::{Task, WakerProbe};
use lesson_waker::{parts::atomic_waker::AtomicWaker, s10_mpsc};

#[test]
fn a_place_that_is_dropped_lets_go_of_its_waker() {
    let (place, probe) = (AtomicWaker::new(), WakerProbe::new());
    place.register(&probe.waker());
    assert_eq!(probe.live(), 1);
    drop(place);
    assert_eq!(probe.live(), 0);
}

#[test]
fn the_waker_that_is_there_already_is_not_cloned_again() {
    let (place, probe) = (AtomicWaker::new(), WakerProbe::new());
    let waker = probe.waker();
    place.register(&waker);
    place.register(&waker);
    assert_eq!(probe.clones(), 1);
}

/// Another task at the same place, while the first is inside of its clone.
#[test]
fn who_registers_while_another_does_is_woken_at_once() {
    let place = Arc::new(AtomicWaker::new());
    let other = WakerProbe::new();
    let second = other.waker();
    let here = Arc::clone(&place);
    let first = WakerProbe::new().on_clone(move || here.register(&second));
    place.register(&first.waker());
    assert_eq!(other.woken(), 1);
    place.wake();
    assert_eq!(first.woken(), 1, "the first is kept");
}

#[test]
fn a_receive_that_is_cancelled_takes_its_waker_along() {
    let (_sender, mut receiver) = s10_mpsc::channel::<u32>(1);
    let probe = WakerProbe::new();
    {
        let mut receive = pin!(receiver.recv());
        assert!(receive.as_mut().poll(&mut Context::from_waker(&probe.waker())).is_pending());
        assert_eq!(probe.live(), 1);
    }
    assert_eq!(probe.live(), 0, "the receiver is still there");
}

#[test]
fn a_receiver_that_goes_takes_its_waker_along() {
    let (sender, mut receiver) = s10_mpsc::channel::<u32>(1);
    let probe = WakerProbe::new();
    assert!(receiver.poll_recv(&mut Context::from_waker(&probe.waker())).is_pending());
    drop(receiver);
    assert_eq!(probe.live(), 0, "a sender is still there");
    assert!(Task::new(sender.send(1)).poll().is_ready());
}
