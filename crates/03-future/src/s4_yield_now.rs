//! Stage 4: step aside once. A countdown of one, which is of use: the task goes to the end of the
//! queue, and the others that are ready get their turn.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// Ready at its second poll.
///
/// Cancel safe: there is nothing to lose.
#[derive(Debug)]
pub struct YieldNow {
    yielded: bool,
}

/// Lets whoever is ready go first: `yield_now().await`.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

impl Future for YieldNow {
    type Output = ();

    // ANCHOR: poll
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
    // ANCHOR_END: poll
}
