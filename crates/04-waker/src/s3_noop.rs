//! Stage 3: `Waker::noop`, which does nothing. It is for who will not wait: whoever polls with it
//! and gets `Pending` is never told when it is time to poll again.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

// ANCHOR: now_or_never
/// What the future gives at its first poll, or `None`; then it is dropped where it stands.
pub fn now_or_never<F: Future>(future: F) -> Option<F::Output> {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
// ANCHOR_END: now_or_never
