//! The bounded channel: no message and no wake is lost, whoever waits, and whoever goes.

use std::{
    future::Future as _,
    pin::pin,
    task::{Context, Poll},
};

use lesson_waker::s10_mpsc::{SendError, channel};
use loom::thread;

use super::tools::{Canary, Count, block_on, bounded};

#[test]
fn mpsc_a_sender_waits_for_room_and_the_receiver_for_messages() {
    bounded(3, || {
        let (sender, mut receiver) = channel(1);
        let thread = thread::spawn(move || {
            block_on(sender.send(1)).unwrap();
            block_on(sender.send(2)).unwrap();
        });
        assert_eq!(block_on(receiver.recv()), Some(1));
        assert_eq!(block_on(receiver.recv()), Some(2));
        assert_eq!(block_on(receiver.recv()), None);
        thread.join().unwrap();
    });
}

#[test]
fn mpsc_two_senders_and_one_slot() {
    bounded(2, || {
        let (sender, mut receiver) = channel(1);
        let threads = [1, 2].map(|number| {
            let sender = sender.clone();
            thread::spawn(move || block_on(sender.send(number)).unwrap())
        });
        drop(sender);
        let received = [block_on(receiver.recv()), block_on(receiver.recv())];
        assert!(matches!(received, [Some(1), Some(2)] | [Some(2), Some(1)]), "{received:?}");
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn mpsc_the_last_sender_that_goes_is_noticed() {
    loom::model(|| {
        let (sender, mut receiver) = channel::<u32>(1);
        let another = sender.clone();
        let thread = thread::spawn(move || drop(another));
        drop(sender);
        assert_eq!(block_on(receiver.recv()), None);
        thread.join().unwrap();
    });
}

#[test]
fn mpsc_a_receiver_that_goes_is_noticed_by_who_waits_for_room() {
    loom::model(|| {
        let (sender, receiver) = channel(1);
        sender.try_send(1).unwrap();
        let thread = thread::spawn(move || block_on(sender.send(2)));
        drop(receiver);
        assert_eq!(thread.join().unwrap(), Err(SendError(2)));
    });
}

#[test]
fn mpsc_a_receiver_that_goes_leaves_no_message_behind() {
    loom::model(|| {
        let (sender, receiver) = channel(2);
        let (message, canary) = Canary::new();
        let another = sender.clone();
        let thread = thread::spawn(move || drop(another.try_send(message)));
        drop(receiver);
        thread.join().unwrap();
        // The other sender is still there.
        assert_eq!(canary.drops(), 1);
        drop(sender);
    });
}

/// Room that was made between its look and its place in the line: it goes out of that again, or
/// hands on a wake that came.
#[test]
fn mpsc_a_sender_that_finds_room_leaves_the_line() {
    loom::model(|| {
        let (sender, mut receiver) = channel(1);
        sender.try_send(1).unwrap();
        let ((_, waker), (next, next_waker)) = (Count::new(), Count::new());
        let thread = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Some(1));
            receiver
        });
        let mut first = Box::pin(sender.send(2));
        let sent = first.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        let mut receiver = thread.join().unwrap();
        if sent {
            let mut waits = pin!(sender.send(3));
            assert!(waits.as_mut().poll(&mut Context::from_waker(&next_waker)).is_pending());
            assert_eq!(receiver.try_recv(), Some(2));
            assert_eq!(next.wakes(), 1, "there is room, and who waits for it was not told");
        }
    });
}

/// A8: of two that wait for one slot the first goes, at any moment around its wake.
#[test]
fn mpsc_a_cancelled_sender_hands_its_wake_on() {
    loom::model(|| {
        let (sender, mut receiver) = channel(1);
        sender.try_send(1).unwrap();
        let ((_, waker), (next, next_waker)) = (Count::new(), Count::new());
        let another = sender.clone();
        let mut cancelled = Box::pin(sender.send(2));
        let mut waits = pin!(another.send(3));
        assert!(cancelled.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(waits.as_mut().poll(&mut Context::from_waker(&next_waker)).is_pending());
        let thread = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Some(1));
            receiver
        });
        drop(cancelled);
        let mut receiver = thread.join().unwrap();
        assert_eq!(next.wakes(), 1, "there is room, and who waits for it was not told");
        assert_eq!(waits.as_mut().poll(&mut Context::from_waker(&next_waker)), Poll::Ready(Ok(())));
        assert_eq!(receiver.try_recv(), Some(3));
    });
}

/// A2: polled with another waker meanwhile, it is that one that is woken.
#[test]
fn mpsc_a_sender_that_waits_is_woken_by_its_last_waker() {
    loom::model(|| {
        let (sender, mut receiver) = channel(1);
        sender.try_send(1).unwrap();
        let ((_, waker), (last, last_waker)) = (Count::new(), Count::new());
        let mut waits = pin!(sender.send(2));
        assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let thread = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Some(1));
            receiver
        });
        let sent = waits.as_mut().poll(&mut Context::from_waker(&last_waker)).is_ready();
        let mut receiver = thread.join().unwrap();
        assert!(sent || last.wakes() > 0, "neither sent nor woken");
        assert_eq!(receiver.try_recv(), sent.then_some(2));
    });
}
