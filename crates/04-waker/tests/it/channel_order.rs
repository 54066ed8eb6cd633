//! The bounded channel against a queue that cannot be wrong, and what is left in it when an end
//! goes.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
    thread,
};

use lesson_waker::{
    s8_parker::Parker,
    s10_mpsc::{TrySendError, channel},
};

/// Drives a future to its end on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    let (parker, mut future) = (Parker::new(), pin!(future));
    loop {
        let polled = future.as_mut().poll(&mut Context::from_waker(&parker.waker()));
        match polled {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => parker.park(),
        }
    }
}

#[test]
fn it_has_room_for_a_power_of_two_and_gives_back_what_it_refuses() {
    assert!(std::panic::catch_unwind(|| channel::<u8>(usize::MAX)).is_err(), "there is no memory for so many");
    for (capacity, room) in [(1, 1), (2, 2), (3, 4), (5, 8)] {
        let (sender, mut receiver) = channel(capacity);
        // Several rounds, so that the positions pass the end of the ring.
        for round in 0..5 {
            for number in 0..room {
                assert_eq!(sender.try_send((round, number)), Ok(()), "capacity {capacity}");
            }
            assert_eq!(sender.try_send((9, 9)), Err(TrySendError::Full((9, 9))));
            for number in 0..room {
                assert_eq!(receiver.try_recv(), Some((round, number)));
            }
            assert_eq!(receiver.try_recv(), None);
        }
        drop(receiver);
        assert_eq!(sender.try_send((9, 9)), Err(TrySendError::Closed((9, 9))));
    }
}

#[test]
#[should_panic(expected = "a channel needs a place for a message")]
fn it_must_have_room() {
    channel::<u32>(0);
}

#[test]
fn what_was_sent_is_received_after_the_senders_have_gone_and_then_it_is_over() {
    let (sender, mut receiver) = channel(4);
    let another = sender.clone();
    sender.try_send(1).unwrap();
    drop(sender);
    another.try_send(2).unwrap();
    drop(another);
    for expected in [Some(1), Some(2), None, None] {
        assert_eq!(block_on(receiver.recv()), expected);
    }
}

#[test]
fn messages_are_dropped_with_the_receiver_and_not_with_the_last_sender() {
    let (sender, mut receiver) = channel(4);
    let message = Arc::new(());
    (0..4).for_each(|_| sender.try_send(Arc::clone(&message)).unwrap());
    drop(receiver.try_recv());
    assert_eq!(Arc::strong_count(&message), 4);
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1);
    drop(sender);
}

#[test]
fn of_four_threads_each_keeps_its_order_and_nothing_is_lost() {
    four_threads_keep_their_order(5_000);
}

#[test]
#[ignore = "long"]
fn of_four_threads_each_keeps_its_order_over_many_messages() {
    four_threads_keep_their_order(50_000);
}

fn four_threads_keep_their_order(each: usize) {
    let (sender, mut receiver) = channel(8);
    let threads: Vec<_> = (0..4)
        .map(|who| {
            let sender = sender.clone();
            thread::spawn(move || (0..each).for_each(|number| block_on(sender.send((who, number))).unwrap()))
        })
        .collect();
    drop(sender);
    let mut next = [0; 4];
    while let Some((who, number)) = block_on(receiver.recv()) {
        assert_eq!(number, next[who], "thread {who}");
        next[who] += 1;
    }
    assert_eq!(next, [each; 4]);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn who_waits_longest_is_served_first_also_if_polled_in_between() {
    let (sender, mut receiver) = channel(1);
    sender.try_send(0).unwrap();
    let cx = &mut Context::from_waker(Waker::noop());
    let (mut first, mut second) = (pin!(sender.send(1)), pin!(sender.send(2)));
    assert!(first.as_mut().poll(cx).is_pending() && second.as_mut().poll(cx).is_pending());
    assert!(first.as_mut().poll(cx).is_pending(), "polled again, it keeps its place");
    assert_eq!(receiver.try_recv(), Some(0));
    assert!(second.as_mut().poll(cx).is_pending(), "it is not its turn");
    assert!(first.as_mut().poll(cx).is_ready());
    assert_eq!(receiver.try_recv(), Some(1));
    assert!(second.as_mut().poll(cx).is_ready());
}
