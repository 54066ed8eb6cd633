//! Stage 11: a future around a future. It hands its own `Context` down, so whoever wakes the inner
//! one wakes the task. The inner one has to stay in its place: pin-project turns a pinned whole
//! into a pinned field without unsafe code.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project::pin_project;

// ANCHOR: map
// ANCHOR: struct
/// Ready when its future is, with what a function makes of the output.
///
/// As cancel safe as the future inside.
#[derive(Debug)]
#[pin_project]
pub struct Map<F, M> {
    #[pin]
    future: F,
    map: Option<M>,
}
// ANCHOR_END: struct

/// Makes a [`Map`].
pub fn map<F, M, T>(future: F, map: M) -> Map<F, M>
where
    F: Future,
    M: FnOnce(F::Output) -> T,
{
    Map { future, map: Some(map) }
}

impl<F, M, T> Future for Map<F, M>
where
    F: Future,
    M: FnOnce(F::Output) -> T,
{
    type Output = T;

    // ANCHOR: poll
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // `this.future` is a `Pin<&mut F>`; `this.map`, which nobody pins, a plain
        // `&mut Option<M>`.
        let this = self.project();
        assert!(this.map.is_some(), "`Map` polled after it was ready");
        let output = ready!(this.future.poll(cx));
        let map = this.map.take().expect("looked at above");
        Poll::Ready(map(output))
    }
    // ANCHOR_END: poll
}
// ANCHOR_END: map
