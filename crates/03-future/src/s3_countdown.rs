//! Stage 3: not yet. `Pending` is a promise: whoever answers it has seen to it that the waker will
//! be called. This one keeps the promise on the spot, since it waits for nothing but its next poll.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// Ready at the poll after the last of its steps.
///
/// Cancel safe: what is left is in the future and nowhere else.
#[derive(Clone, Debug)]
pub struct Countdown {
    left: u32,
}

impl Countdown {
    /// Answers `Pending` `steps` times, and is ready at the next poll.
    pub fn new(steps: u32) -> Self {
        Countdown { left: steps }
    }

    /// How many times it will still answer `Pending`.
    pub fn left(&self) -> u32 {
        self.left
    }
}

impl Future for Countdown {
    type Output = ();

    // ANCHOR: poll
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        // Without this line nobody ever polls it again.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
    // ANCHOR_END: poll
}
