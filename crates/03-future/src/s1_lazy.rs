//! Stage 1: nothing happens until somebody polls. A future is a value; to make one is to write down
//! what shall be done.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

// ANCHOR: lazy
/// Calls a function when it is polled, and is ready at once with what that gives.
#[derive(Debug)]
pub struct Lazy<F> {
    call: Option<F>,
}

/// Makes a [`Lazy`]: `call` is kept, and not called.
pub fn lazy<F>(call: F) -> Lazy<F> {
    Lazy { call: Some(call) }
}

// ANCHOR: impl
impl<T, F> Future for Lazy<F>
where
    F: FnOnce() -> T + Unpin,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let call = self.call.take().expect("`Lazy` polled after it was ready");
        Poll::Ready(call())
    }
}
// ANCHOR_END: impl
// ANCHOR_END: lazy

// ANCHOR: lazy_async
/// The same by the compiler: to call an `async fn` makes a future, and runs none of its body.
pub async fn lazy_async<T>(call: impl FnOnce() -> T) -> T {
    call()
}
// ANCHOR_END: lazy_async
