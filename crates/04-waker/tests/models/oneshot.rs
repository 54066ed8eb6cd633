//! The oneshot channel: sent, hung up or left at any moment, the value is received, given back or
//! dropped, once.

use std::{future::Future as _, pin::Pin, sync::Arc, task::Context};

use lesson_waker::s9_oneshot::{HungUp, channel};
use loom::thread;

use super::tools::{Canary, Count, block_on};

#[test]
fn oneshot_a_value_arrives() {
    loom::model(|| {
        let (sender, receiver) = channel();
        let thread = thread::spawn(move || sender.send(5));
        assert_eq!(block_on(receiver), Ok(5));
        assert_eq!(thread.join().unwrap(), Ok(()));
    });
}

#[test]
fn oneshot_a_sender_that_goes_is_noticed() {
    loom::model(|| {
        let (sender, receiver) = channel::<u32>();
        let thread = thread::spawn(move || drop(sender));
        assert_eq!(block_on(receiver), Err(HungUp));
        thread.join().unwrap();
    });
}

#[test]
fn oneshot_a_receiver_that_goes_leaves_one_owner() {
    loom::model(|| {
        let (sender, receiver) = channel();
        let (value, canary) = Canary::new();
        let thread = thread::spawn(move || sender.send(value));
        drop(receiver);
        let sent = thread.join().unwrap();
        assert_eq!(canary.drops(), usize::from(sent.is_ok()), "dropped by who should have received it, or given back");
        drop(sent);
        assert_eq!(canary.drops(), 1);
    });
}

/// A7: dropped while it waits, it has let go of its waker when it is gone.
#[test]
fn oneshot_a_receiver_that_waits_and_goes_takes_its_waker_along() {
    loom::model(|| {
        let (sender, mut receiver) = channel();
        let (count, waker) = Count::new();
        let (value, canary) = Canary::new();
        let thread = thread::spawn(move || drop(sender.send(value)));
        let polled = Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker));
        drop((polled, receiver));
        thread.join().unwrap();
        assert_eq!(canary.drops(), 1);
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1, "every waker is gone");
    });
}
