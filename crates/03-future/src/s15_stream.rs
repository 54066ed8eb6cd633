//! Stage 15: many values. A `Stream` is a future that may be ready again and again:
//! `Ready(Some(item))` until `Ready(None)`. What `.next().await` waits for is one item: a future
//! that borrows the stream.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures::Stream;

// ANCHOR: stream
/// The numbers from `from` down to 1, and before each of them a turn for the others.
#[derive(Clone, Debug)]
pub struct Down {
    left: u32,
    yielded: bool,
}

impl Down {
    /// Counts down from `from`.
    pub fn new(from: u32) -> Self {
        Down { left: from, yielded: false }
    }
}

impl Stream for Down {
    type Item = u32;

    // ANCHOR: poll_next
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.yielded = !self.yielded;
        if self.yielded {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = self.left;
        self.left -= 1;
        Poll::Ready(Some(item))
    }
    // ANCHOR_END: poll_next
}
// ANCHOR_END: stream

// ANCHOR: next
/// The next item of a stream.
///
/// Cancel safe: until it is ready, nothing has been taken from the stream.
#[derive(Debug)]
pub struct Next<'a, S> {
    stream: &'a mut S,
}

/// Waits for one item: `while let Some(item) = next(&mut stream).await`.
pub fn next<S: Stream + Unpin>(stream: &mut S) -> Next<'_, S> {
    Next { stream }
}

impl<S: Stream + Unpin> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.stream).poll_next(cx)
    }
}
// ANCHOR_END: next
