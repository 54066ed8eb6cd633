//! Stage 9: a oneshot channel, for one value from one task or thread to another. A word says whose
//! the slot is, a stored waker tells who waits for it: register, then check, as ever.

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::parts::{
    event,
    oneshot::{Put, Take, Taken, slot},
};

/// Sends one value.
pub struct Sender<T>(Put<T>);

/// Is ready with the value, or with an error once the sender is gone without having sent one.
///
/// Cancel safe: dropped, it lets go of its waker, and of a value that nobody has taken.
pub struct Receiver<T> {
    slot: Take<T>,
    /// A waker of ours may be in the slot.
    waits: bool,
}

/// A channel for one value. It is one allocation; to send, to wait and to receive are none.
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (put, slot) = slot();
    (Sender(put), Receiver { slot, waits: false })
}

impl<T> Sender<T> {
    // ANCHOR: send
    /// Hands the value over, and wakes who waits for it.
    ///
    /// # Errors
    ///
    /// The value, if the receiver has gone.
    pub fn send(self, value: T) -> Result<(), T> {
        event::fire("oneshot");
        self.0.put(value)
    }
    // ANCHOR_END: send
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, HungUp>;

    // ANCHOR: poll
    /// After it was ready, it is ready with [`HungUp`].
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(output) = self.look() {
            return Poll::Ready(output);
        }
        event::register("oneshot");
        self.waits = true;
        self.slot.waker().register(cx.waker());
        // Register, then check. Models: `oneshot_*`.
        match self.look() {
            Some(output) => Poll::Ready(output),
            None => Poll::Pending,
        }
    }
    // ANCHOR_END: poll
}

impl<T> Receiver<T> {
    fn look(&mut self) -> Option<Result<T, HungUp>> {
        match self.slot.take() {
            Taken::Nothing => None,
            Taken::Value(value) => Some(Ok(value)),
            Taken::HungUp => Some(Err(HungUp)),
        }
    }
}

// ANCHOR: drop
impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.waits {
            drop(self.slot.waker().take());
        }
    }
}
// ANCHOR_END: drop

/// The sender has gone, and there is no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HungUp;

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sender has gone without sending")
    }
}

impl Error for HungUp {}
