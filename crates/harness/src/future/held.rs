//! One type for all futures under test: pinned, without their output. A future can still be
//! downcast to its concrete type.

use std::{
    any::Any,
    pin::Pin,
    task::{Context, Poll},
};

/// Any future, boxed and pinned, without its output.
pub(super) type Held = Pin<Box<dyn Polled>>;

/// A future without an output that can be downcast to its concrete type.
pub(super) trait Polled: Future<Output = ()> {
    fn as_any(&self) -> &dyn Any;
}

struct WithoutOutput<F>(Pin<Box<F>>);

impl<F: Future> Future for WithoutOutput<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx).map(drop)
    }
}

impl<F: Future + 'static> Polled for WithoutOutput<F> {
    fn as_any(&self) -> &dyn Any {
        &*self.0
    }
}

/// Hides the type and the output of a future.
pub(super) fn held<F: Future + 'static>(future: F) -> Held {
    Box::pin(WithoutOutput(Box::pin(future)))
}
