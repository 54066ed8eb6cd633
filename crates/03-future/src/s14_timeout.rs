//! Stage 14: not for ever. A timeout is a `select` between the work and a delay, with a name for
//! what the delay means.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::parts::event;
use pin_project::pin_project;

/// The limit came first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time is over")
    }
}

impl std::error::Error for Elapsed {}

/// Ready with the output of its future, or with [`Elapsed`] if its limit is ready before.
///
/// As cancel safe as its future, which is also what happens to it at the limit: dropped where it
/// stands.
#[derive(Debug)]
#[pin_project]
pub struct Timeout<F, L> {
    #[pin]
    future: F,
    #[pin]
    limit: L,
}

/// Makes a [`Timeout`]. The limit is any future, and a delay in most cases; it begins to count at
/// the first poll.
pub fn timeout<F, L>(future: F, limit: L) -> Timeout<F, L>
where
    F: Future,
    L: Future<Output = ()>,
{
    Timeout { future, limit }
}

impl<F, L> Future for Timeout<F, L>
where
    F: Future,
    L: Future<Output = ()>,
{
    type Output = Result<F::Output, Elapsed>;

    // ANCHOR: poll
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // The work goes first: what is done in the last moment is done.
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        this.limit.poll(cx).map(|()| {
            event::note("timeout: the limit came first");
            Err(Elapsed)
        })
    }
    // ANCHOR_END: poll
}
