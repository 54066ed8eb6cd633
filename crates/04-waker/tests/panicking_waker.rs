//! Wakers that panic, in their clone or their wake: whoever stored them goes on.
#![forbid(unsafe_code)]

use std::{
    future::Future as _,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll},
};

use harness::probe::{Task, WakerProbe};
use lesson_waker::{parts::atomic_waker::AtomicWaker, s9_oneshot, s10_mpsc};

fn panics(f: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err(), "the waker panics");
}

#[test]
fn a_place_is_empty_after_a_wake_that_panics_and_takes_the_next() {
    let place = AtomicWaker::new();
    let (bad, good) = (WakerProbe::new().on_wake(|| panic!("in wake")), WakerProbe::new());
    place.register(&bad.waker());
    panics(|| place.wake());
    assert_eq!(bad.live(), 0, "it was let go of");
    place.register(&good.waker());
    place.wake();
    assert_eq!(good.woken(), 1);
}

#[test]
fn a_place_keeps_what_it_has_when_a_clone_panics() {
    let place = AtomicWaker::new();
    let (good, bad) = (WakerProbe::new(), WakerProbe::new().on_clone(|| panic!("in clone")));
    place.register(&good.waker());
    let waker = bad.waker();
    panics(|| place.register(&waker));
    place.wake();
    assert_eq!(good.woken(), 1);
}

#[test]
fn a_value_is_there_although_the_wake_panicked() {
    let (sender, receiver) = s9_oneshot::channel();
    let mut task = Task::new(receiver);
    let bad = WakerProbe::new().on_wake(|| panic!("in wake"));
    assert!(task.poll_with(&bad.waker()).is_pending());
    panics(|| assert_eq!(sender.send(5), Ok(())));
    assert_eq!(task.poll(), Poll::Ready(Ok(5)));
}

#[test]
fn a_message_is_not_lost_when_the_wake_of_a_sender_panics() {
    let (sender, mut receiver) = s10_mpsc::channel(1);
    sender.try_send(1).unwrap();
    let bad = WakerProbe::new().on_wake(|| panic!("in wake"));
    let mut waits = pin!(sender.send(2));
    assert!(waits.as_mut().poll(&mut Context::from_waker(&bad.waker())).is_pending());
    panics(|| assert_eq!(receiver.try_recv(), Some(1)));
    assert_eq!(receiver.try_recv(), Some(1), "it is held for who asks next");
    assert!(waits.as_mut().poll(&mut Context::from_waker(&bad.waker())).is_ready());
    assert_eq!(receiver.try_recv(), Some(2));
}

#[test]
fn all_senders_are_woken_when_the_receiver_goes_although_one_wake_panics() {
    let (sender, receiver) = s10_mpsc::channel(1);
    sender.try_send(1).unwrap();
    let (bad, good) = (WakerProbe::new().on_wake(|| panic!("in wake")), WakerProbe::new());
    let (mut first, mut second) = (pin!(sender.send(2)), pin!(sender.send(3)));
    assert!(first.as_mut().poll(&mut Context::from_waker(&bad.waker())).is_pending());
    assert!(second.as_mut().poll(&mut Context::from_waker(&good.waker())).is_pending());
    panics(|| drop(receiver));
    assert_eq!(good.woken(), 1);
    assert_eq!(second.poll(&mut Context::from_waker(&good.waker())), Poll::Ready(Err(s10_mpsc::SendError(3))));
}
