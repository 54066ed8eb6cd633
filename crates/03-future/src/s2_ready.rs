//! Stage 2: a value that is there already. `Ready(value)` hands it over, and that can be done only
//! once.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

// ANCHOR: ready
/// Ready at its first poll.
///
/// # Panics
///
/// If polled again: the value is gone. The contract lets a future do anything then but undefined
/// behaviour.
#[derive(Debug)]
pub struct Ready<T> {
    value: Option<T>,
}

/// Makes a [`Ready`].
pub fn ready<T>(value: T) -> Ready<T> {
    Ready { value: Some(value) }
}

impl<T: Unpin> Future for Ready<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        Poll::Ready(self.value.take().expect("`Ready` polled after it was ready"))
    }
}
// ANCHOR_END: ready
