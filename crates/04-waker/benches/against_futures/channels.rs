//! The oneshot and the bounded channel.

use std::{
    future::Future,
    pin::Pin,
    sync::mpsc as std_mpsc,
    task::{Context, Poll, Waker},
    thread,
};

use futures::{SinkExt, StreamExt, channel as theirs};
use lesson_waker::{s9_oneshot, s10_mpsc};
use measure::Row;

use super::tools::{Flag, block_on};
use crate::row;

/// How many places the bounded channels have.
const ROOM: usize = 64;

/// The adapter for a oneshot channel: what is asked of either, called and not inlined.
trait Once: 'static {
    type Sender: Send;
    type Receiver;
    fn channel() -> (Self::Sender, Self::Receiver);
    fn send(sender: Self::Sender, value: u64);
    fn poll(receiver: &mut Self::Receiver, cx: &mut Context<'_>) -> Poll<u64>;
}

struct Ours;
struct Futures;

impl Once for Ours {
    type Sender = s9_oneshot::Sender<u64>;
    type Receiver = s9_oneshot::Receiver<u64>;

    #[inline(never)]
    fn channel() -> (Self::Sender, Self::Receiver) {
        s9_oneshot::channel()
    }

    #[inline(never)]
    fn send(sender: Self::Sender, value: u64) {
        sender.send(value).expect("the receiver is there");
    }

    #[inline(never)]
    fn poll(receiver: &mut Self::Receiver, cx: &mut Context<'_>) -> Poll<u64> {
        Pin::new(receiver).poll(cx).map(|value| value.expect("it was sent"))
    }
}

impl Once for Futures {
    type Sender = theirs::oneshot::Sender<u64>;
    type Receiver = theirs::oneshot::Receiver<u64>;

    #[inline(never)]
    fn channel() -> (Self::Sender, Self::Receiver) {
        theirs::oneshot::channel()
    }

    #[inline(never)]
    fn send(sender: Self::Sender, value: u64) {
        sender.send(value).expect("the receiver is there");
    }

    #[inline(never)]
    fn poll(receiver: &mut Self::Receiver, cx: &mut Context<'_>) -> Poll<u64> {
        Pin::new(receiver).poll(cx).map(|value| value.expect("it was sent"))
    }
}

/// The adapter for a bounded channel.
trait Many: 'static {
    type Sender: Send;
    type Receiver;
    fn channel() -> (Self::Sender, Self::Receiver);
    fn try_send(sender: &mut Self::Sender, message: u64);
    fn poll(receiver: &mut Self::Receiver, cx: &mut Context<'_>) -> Poll<Option<u64>>;
    fn send(sender: &mut Self::Sender, message: u64) -> impl Future<Output = ()>;
}

impl Many for Ours {
    type Sender = s10_mpsc::Sender<u64>;
    type Receiver = s10_mpsc::Receiver<u64>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        s10_mpsc::channel(ROOM)
    }

    #[inline(never)]
    fn try_send(sender: &mut Self::Sender, message: u64) {
        sender.try_send(message).expect("there is room");
    }

    #[inline(never)]
    fn poll(receiver: &mut Self::Receiver, cx: &mut Context<'_>) -> Poll<Option<u64>> {
        receiver.poll_recv(cx)
    }

    async fn send(sender: &mut Self::Sender, message: u64) {
        sender.send(message).await.expect("the receiver is there");
    }
}

impl Many for Futures {
    type Sender = theirs::mpsc::Sender<u64>;
    type Receiver = theirs::mpsc::Receiver<u64>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        // It has room for one more for each sender.
        theirs::mpsc::channel(ROOM - 1)
    }

    #[inline(never)]
    fn try_send(sender: &mut Self::Sender, message: u64) {
        sender.try_send(message).expect("there is room");
    }

    #[inline(never)]
    fn poll(receiver: &mut Self::Receiver, cx: &mut Context<'_>) -> Poll<Option<u64>> {
        receiver.poll_next_unpin(cx)
    }

    async fn send(sender: &mut Self::Sender, message: u64) {
        // Without the flush of `send`, which waits once more.
        sender.feed(message).await.expect("the receiver is there");
    }
}

pub fn rows() -> Vec<Row> {
    vec![
        row("oneshot: make, send, receive", 1_000_000, sent_first::<Ours>, sent_first::<Futures>),
        row("oneshot: make, wait, send and wake, receive", 500_000, waited_first::<Ours>, waited_first::<Futures>),
        row("oneshot: sent there, awaited here, 1,000 at a time", 200_000, sent_there::<Ours>, sent_there::<Futures>),
        row("mpsc: send, receive", 2_000_000, one_by_one::<Ours>, one_by_one::<Futures>),
        row("mpsc: send 64, receive 64", 2_000_000, in_batches::<Ours>, in_batches::<Futures>),
        row("mpsc: wait, send and wake, receive", 1_000_000, awaited::<Ours>, awaited::<Futures>),
        row("mpsc: send there, receive here", 300_000, streamed::<Ours>, streamed::<Futures>),
    ]
}

fn sent_first<C: Once>(times: u64) {
    let mut cx = Context::from_waker(Waker::noop());
    for number in 0..times {
        let (sender, mut receiver) = C::channel();
        C::send(sender, number);
        assert_eq!(C::poll(&mut receiver, &mut cx), Poll::Ready(number));
    }
}

fn waited_first<C: Once>(times: u64) {
    let (_flag, waker) = Flag::new();
    let mut cx = Context::from_waker(&waker);
    for number in 0..times {
        let (sender, mut receiver) = C::channel();
        assert_eq!(C::poll(&mut receiver, &mut cx), Poll::Pending);
        C::send(sender, number);
        assert_eq!(C::poll(&mut receiver, &mut cx), Poll::Ready(number));
    }
}

fn sent_there<C: Once>(times: u64) {
    let (hand_over, handed_over) = std_mpsc::channel::<Vec<C::Sender>>();
    let sending = thread::spawn(move || {
        for senders in handed_over {
            for (sender, number) in senders.into_iter().zip(0..) {
                C::send(sender, number);
            }
        }
    });
    let (flag, waker) = Flag::new();
    let mut cx = Context::from_waker(&waker);
    for _ in 0..times.div_ceil(1_000) {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..1_000).map(|_| C::channel()).unzip();
        hand_over.send(senders).expect("the thread is there");
        for (mut receiver, number) in receivers.into_iter().zip(0..) {
            loop {
                match C::poll(&mut receiver, &mut cx) {
                    Poll::Ready(value) => break assert_eq!(value, number),
                    Poll::Pending => flag.wait(),
                }
            }
        }
    }
    drop(hand_over);
    sending.join().expect("nobody panics");
}

fn one_by_one<C: Many>(times: u64) {
    let (mut sender, mut receiver) = C::channel();
    let mut cx = Context::from_waker(Waker::noop());
    for number in 0..times {
        C::try_send(&mut sender, number);
        assert_eq!(C::poll(&mut receiver, &mut cx), Poll::Ready(Some(number)));
    }
}

fn in_batches<C: Many>(times: u64) {
    let (mut sender, mut receiver) = C::channel();
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..times / ROOM as u64 {
        (0..ROOM as u64).for_each(|number| C::try_send(&mut sender, number));
        (0..ROOM as u64).for_each(|number| assert_eq!(C::poll(&mut receiver, &mut cx), Poll::Ready(Some(number))));
    }
}

fn awaited<C: Many>(times: u64) {
    let (mut sender, mut receiver) = C::channel();
    let (_flag, waker) = Flag::new();
    let mut cx = Context::from_waker(&waker);
    for number in 0..times {
        assert_eq!(C::poll(&mut receiver, &mut cx), Poll::Pending);
        C::try_send(&mut sender, number);
        assert_eq!(C::poll(&mut receiver, &mut cx), Poll::Ready(Some(number)));
    }
}

/// Each thread spins when the other has to go first: for room, or for a message.
fn streamed<C: Many>(times: u64) {
    let (mut sender, receiver) = C::channel();
    let sending = thread::spawn(move || {
        block_on(async {
            for number in 0..times {
                C::send(&mut sender, number).await;
            }
        });
    });
    assert_eq!(receive_all::<C>(receiver), times * times.saturating_sub(1) / 2);
    sending.join().expect("nobody panics");
}

fn receive_all<C: Many>(mut receiver: C::Receiver) -> u64 {
    let (flag, waker) = Flag::new();
    let mut cx = Context::from_waker(&waker);
    let mut sum = 0;
    loop {
        match C::poll(&mut receiver, &mut cx) {
            Poll::Ready(Some(number)) => sum += number,
            Poll::Ready(None) => return sum,
            Poll::Pending => flag.wait(),
        }
    }
}
