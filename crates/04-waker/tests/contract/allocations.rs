//! To register, to wake, to send and to receive allocates nothing.

use std::{
    future::Future as _,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use lesson_waker::{parts::atomic_waker::AtomicWaker, s2_wake, s8_parker::Parker, s9_oneshot, s10_mpsc};

/// How often this program allocates in there.
fn allocations(inside: impl FnOnce()) -> usize {
    let count = || harness::allocations().expect("the allocator that counts is installed");
    let before = count();
    inside();
    count() - before
}

fn waker() -> Waker {
    s2_wake::waker(Arc::new(s2_wake::OnWake(|| {})))
}

pub fn nothing_is_allocated_to_wait_to_wake_to_send_and_to_receive() {
    let (one, other) = (waker(), waker());
    let place = AtomicWaker::new();
    let used = allocations(|| {
        for _ in 0..10 {
            place.register(&one);
            place.register(&other);
            place.wake();
        }
    });
    assert_eq!(used, 0, "a place for a waker");

    let parker = Parker::new();
    let used = allocations(|| {
        parker.waker().wake();
        parker.park();
    });
    assert_eq!(used, 0, "a parker");

    let mut channel = None;
    let used = allocations(|| channel = Some(s9_oneshot::channel()));
    assert_eq!(used, 1, "a oneshot channel");
    let (sender, mut receiver) = channel.expect("it was made");
    let used = allocations(|| {
        let cx = &mut Context::from_waker(&one);
        assert!(Pin::new(&mut receiver).poll(cx).is_pending());
        assert_eq!(sender.send(5), Ok(()));
        assert_eq!(Pin::new(&mut receiver).poll(cx), Poll::Ready(Ok(5)));
    });
    assert_eq!(used, 0, "to wait, to send and to receive over it");

    let (sender, mut receiver) = s10_mpsc::channel(1);
    let mut round = || {
        let cx = &mut Context::from_waker(&one);
        assert!(receiver.poll_recv(cx).is_pending());
        assert_eq!(sender.try_send(1), Ok(()));
        let mut waits = pin!(sender.send(2));
        assert!(waits.as_mut().poll(cx).is_pending());
        assert_eq!(receiver.try_recv(), Some(1));
        assert!(waits.as_mut().poll(cx).is_ready());
        assert_eq!(receiver.try_recv(), Some(2));
    };
    // The list of those who wait grows to the most that ever waited.
    round();
    assert_eq!(allocations(round), 0, "the same over a bounded channel");
}
