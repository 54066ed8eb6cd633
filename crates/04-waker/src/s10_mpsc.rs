//! Stage 10: a bounded channel, for messages from many tasks to one. Two kinds wait: the receiver
//! for a message, in an `AtomicWaker`, and the senders for room, in a list. Each registers, then
//! checks; who is cancelled after it was woken hands the wake on.

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::Ordering::{AcqRel, Relaxed},
    task::{Context, Poll},
};

use crate::{
    parts::{
        atomic_waker::AtomicWaker,
        event,
        ring::{Empty, Fill, Refused, ring},
        waiters::{Ticket, Waiters},
    },
    sync::{Apart, AtomicUsize},
};

/// What the ends share beside the ring.
struct Shared {
    receiver: Apart<AtomicWaker>,
    senders: AtomicUsize,
    waiters: Waiters,
}

/// Sends messages. A clone sends to the same receiver.
pub struct Sender<T>(Fill<T, Shared>);

/// Receives the messages, in the order in which they were sent. Dropped, it drops what has not been
/// received, and whoever sends gets an error.
pub struct Receiver<T> {
    ring: Empty<T, Shared>,
    /// Where a message is while somebody else is woken, who may panic.
    held: Option<T>,
}

/// A channel with room for `capacity` messages, rounded up to a power of two. To send and to
/// receive allocates nothing; the list of those who wait for room grows to the most that ever
/// waited.
///
/// # Panics
///
/// If the capacity is zero, or there is no memory for so many messages.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Shared { receiver: Apart(AtomicWaker::new()), senders: AtomicUsize::new(1), waiters: Waiters::new() };
    let (fill, empty) = ring(capacity, shared);
    (Sender(fill), Receiver { ring: empty, held: None })
}

impl<T> Sender<T> {
    // ANCHOR: try_send
    /// Sends a message, and wakes the receiver.
    ///
    /// # Errors
    ///
    /// The message, if there is no room now, or the receiver has gone.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.0.push(message).map_err(|refused| match refused {
            Refused::Full(message) => TrySendError::Full(message),
            Refused::Closed(message) => TrySendError::Closed(message),
        })?;
        event::fire("mpsc, receiver");
        self.0.shared().receiver.0.wake();
        Ok(())
    }
    // ANCHOR_END: try_send

    /// Sends a message as soon as there is room. Cancel safe: dropped while it waits, it has not
    /// sent it.
    ///
    /// Those who wait are woken in the order in which they came. Room is for whoever takes it,
    /// though: a newcomer may do so before one who has been woken for it, who then waits anew, as
    /// the last in line.
    pub fn send(&self, message: T) -> Send<'_, T> {
        Send { sender: self, message: Some(message), ticket: None }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.shared().senders.fetch_add(1, Relaxed);
        Sender(self.0.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // Whoever is the last has seen all that the others did.
        if self.0.shared().senders.fetch_sub(1, AcqRel) == 1 {
            // Model: `mpsc_the_last_sender_that_goes_is_noticed`.
            self.0.close();
            event::fire("mpsc, receiver");
            self.0.shared().receiver.0.wake();
        }
    }
}

/// What [`Sender::send`] gives: ready when the message is in the channel, or with the message if
/// nobody will receive it.
pub struct Send<'a, T> {
    sender: &'a Sender<T>,
    /// `None` once it was ready.
    message: Option<T>,
    /// Where it waits, or did until somebody woke it.
    ticket: Option<Ticket>,
}

impl<T> Future for Send<'_, T> {
    type Output = Result<(), SendError<T>>;

    // ANCHOR: poll_send
    /// # Panics
    ///
    /// After it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let sender = self.sender;
        let waiters = &sender.0.shared().waiters;
        if let Some(ticket) = &self.ticket {
            // Who came first shall be served first: it does not try while it is not its turn.
            if waiters.still_waits(ticket, cx.waker().clone()) {
                return Poll::Pending;
            }
            self.ticket = None;
        }
        if let Poll::Ready(output) = self.attempt() {
            return Poll::Ready(output);
        }
        event::register("mpsc, sender");
        // Ours before the check, which wakes the receiver: if that panics, `drop` gives the place
        // up.
        self.ticket = Some(waiters.enter(cx.waker().clone()));
        // Register, then check. Models: `mpsc_*`.
        let checked = self.attempt();
        if checked.is_ready()
            && let Some(ticket) = self.ticket.take()
        {
            // Model: `mpsc_a_sender_that_finds_room_leaves_the_line`.
            waiters.leave(&ticket);
        }
        checked
    }
    // ANCHOR_END: poll_send
}

impl<T> Send<'_, T> {
    fn attempt(&mut self) -> Poll<Result<(), SendError<T>>> {
        let message = self.message.take().expect("polled after it was ready");
        let output = match self.sender.try_send(message) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(message)) => Err(SendError(message)),
            Err(TrySendError::Full(message)) => {
                self.message = Some(message);
                return Poll::Pending;
            }
        };
        Poll::Ready(output)
    }
}

// The message does not mind being moved.
impl<T> Unpin for Send<'_, T> {}

// ANCHOR: drop_send
impl<T> Drop for Send<'_, T> {
    fn drop(&mut self) {
        if let Some(ticket) = &self.ticket {
            self.sender.0.shared().waiters.leave(ticket);
        }
    }
}
// ANCHOR_END: drop_send

impl<T> Receiver<T> {
    /// The next message, or `None` when all senders have gone and all messages have been received.
    /// Cancel safe: dropped while it waits, it has received none.
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv { receiver: self, waits: false }
    }

    /// The next message, if there is one now.
    pub fn try_recv(&mut self) -> Option<T> {
        if self.held.is_some() {
            return self.held.take();
        }
        let message = self.ring.pop()?;
        let waiters = &self.ring.shared().waiters;
        if !waiters.anybody() {
            return Some(message);
        }
        self.held = Some(message);
        event::fire("mpsc, sender");
        waiters.wake_one();
        self.held.take()
    }

    // ANCHOR: poll_recv
    /// What [`Receiver::recv`] does at each poll. The waker is kept until it is woken, another one
    /// takes its place, or the receiver goes.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if let Poll::Ready(output) = self.attempt() {
            return Poll::Ready(output);
        }
        event::register("mpsc, receiver");
        self.ring.shared().receiver.0.register(cx.waker());
        // Register, then check. Models: `mpsc_*`.
        self.attempt()
    }
    // ANCHOR_END: poll_recv

    fn attempt(&mut self) -> Poll<Option<T>> {
        match self.try_recv() {
            Some(message) => Poll::Ready(Some(message)),
            None if self.ring.is_over() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.ring.close();
        let own = self.ring.shared().receiver.0.take();
        // Model: `mpsc_a_receiver_that_goes_is_noticed_by_who_waits_for_room`.
        self.ring.shared().waiters.wake_all();
        // When all have been told: a drop is code of a stranger, and may panic.
        drop(own);
    }
}

/// What [`Receiver::recv`] gives. Polled after it was ready, it waits for the next message.
pub struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
    /// A waker of ours may be kept.
    waits: bool,
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if let Poll::Ready(output) = self.receiver.attempt() {
            return Poll::Ready(output);
        }
        self.waits = true;
        self.receiver.poll_recv(cx)
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        if self.waits {
            drop(self.receiver.ring.shared().receiver.0.take());
        }
    }
}

/// Why a message was not sent at once. It is given back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TrySendError<T> {
    /// There is no room now.
    Full(T),
    /// The receiver has gone.
    Closed(T),
}

/// The receiver has gone. The message is given back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SendError<T>(pub T);

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TrySendError::Full(_) => "the channel is full",
            TrySendError::Closed(_) => "the receiver has gone",
        })
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the receiver has gone")
    }
}

impl<T: fmt::Debug> Error for TrySendError<T> {}
impl<T: fmt::Debug> Error for SendError<T> {}
