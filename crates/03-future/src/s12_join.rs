//! Stage 12: two futures at once, in one task. Both get the same waker, and no thread is needed. A
//! poll asks whichever is not done yet, since a wake does not say which of them it is for.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project::pin_project;

/// Ready when both of its futures are, with both outputs.
///
/// Not cancel safe: dropped between the two, it drops an output that has already come.
#[pin_project]
pub struct Join<A: Future, B: Future> {
    #[pin]
    a: Child<A>,
    #[pin]
    b: Child<B>,
}

/// Makes a [`Join`].
pub fn join<A: Future, B: Future>(a: A, b: B) -> Join<A, B> {
    Join { a: Child::Waiting(a), b: Child::Waiting(b) }
}

impl<A: Future, B: Future> Future for Join<A, B> {
    type Output = (A::Output, B::Output);

    // ANCHOR: poll
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Both are asked, whatever the first one answers.
        let a_is_done = this.a.as_mut().poll_done(cx);
        let b_is_done = this.b.as_mut().poll_done(cx);
        if a_is_done && b_is_done { Poll::Ready((this.a.take(), this.b.take())) } else { Poll::Pending }
    }
    // ANCHOR_END: poll
}

/// A future, and once it is ready its output, which takes its place.
#[pin_project(project = Projected)]
enum Child<F: Future> {
    Waiting(#[pin] F),
    Done(Option<F::Output>),
}

impl<F: Future> Child<F> {
    /// Polls it unless it is done, and says whether it is done now.
    fn poll_done(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        if let Projected::Waiting(future) = self.as_mut().project() {
            match future.poll(cx) {
                Poll::Pending => return false,
                // Drops the future where it stands.
                Poll::Ready(output) => self.set(Child::Done(Some(output))),
            }
        }
        true
    }

    fn take(self: Pin<&mut Self>) -> F::Output {
        match self.project() {
            Projected::Done(output) => output.take().expect("`Join` polled after it was ready"),
            Projected::Waiting(_) => unreachable!("taken only when both are done"),
        }
    }
}
