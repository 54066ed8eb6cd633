//! Stage 13: whichever comes first. The other one is dropped with the whole, in the middle of
//! whatever it was doing: to lose a `select` is to be cancelled.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project::pin_project;

/// What came first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Either<A, B> {
    /// The output of the first future.
    Left(A),
    /// The output of the second future.
    Right(B),
}

/// Ready as soon as one of its futures is. If both are, the left one wins.
///
/// As cancel safe as both futures. A poll after it was ready polls them again.
#[derive(Debug)]
#[pin_project]
pub struct Select<A, B> {
    #[pin]
    a: A,
    #[pin]
    b: B,
}

/// Makes a [`Select`].
pub fn select<A: Future, B: Future>(a: A, b: B) -> Select<A, B> {
    Select { a, b }
}

impl<A: Future, B: Future> Future for Select<A, B> {
    type Output = Either<A::Output, B::Output>;

    // ANCHOR: poll
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.a.poll(cx) {
            return Poll::Ready(Either::Left(output));
        }
        // The left one waits: only now is the right one asked, and leaves its waker too.
        this.b.poll(cx).map(Either::Right)
    }
    // ANCHOR_END: poll
}
