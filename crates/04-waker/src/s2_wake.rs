//! Stage 2: the same through `std::task::Wake`. The table is std's, and so is the count: it is kept
//! by the `Arc` of which the waker is made, and there is no unsafe code left to get wrong.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

/// What a wake does: it calls a function.
pub struct OnWake<F>(pub F);

// ANCHOR: waker
/// A waker that calls the function, on whatever thread it is woken.
pub fn waker<F: Fn() + Send + Sync + 'static>(on_wake: Arc<OnWake<F>>) -> Waker {
    Waker::from(on_wake)
}
// ANCHOR_END: waker

// ANCHOR: wake
impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    /// Consumes: the share of the waker is given back, after the call, also when that unwinds.
    fn wake(self: Arc<Self>) {
        (self.0)();
    }

    /// Borrows: the count stays as it is. Without this method std would clone the `Arc` and call
    /// `wake`.
    fn wake_by_ref(self: &Arc<Self>) {
        (self.0)();
    }
}
// ANCHOR_END: wake
