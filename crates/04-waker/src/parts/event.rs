//! What the stages tell a recording. While nobody listens, an event costs a comparison: the code
//! that makes it stands in a function of its own, apart from the code around it. In a model for
//! loom or shuttle there are no events.

use tracing::{
    Level,
    level_filters::{LevelFilter, STATIC_MAX_LEVEL},
    trace,
};

/// A waker is about to be kept, at this place.
#[inline]
pub(crate) fn register(at: &'static str) {
    emit(move || trace!(target: "waker", event = "register", at));
}

/// What is waited for has happened, and the wake comes next.
#[inline]
pub(crate) fn fire(at: &'static str) {
    emit(move || trace!(target: "waker", event = "fire", at));
}

/// The thread is about to sleep.
#[inline]
pub(crate) fn park() {
    emit(|| trace!(target: "waker", event = "park"));
}

/// The thread has woken up.
#[inline]
pub(crate) fn unpark() {
    emit(|| trace!(target: "waker", event = "unpark"));
}

/// Calls `event`, which emits an event of level TRACE, if somebody listens.
///
/// Pass a `move` closure. What a closure captures by reference is kept in memory by its caller,
/// also while nobody listens.
#[inline]
pub fn emit(event: impl FnOnce()) {
    let in_model = cfg!(any(loom_model, shuttle_model));
    if !in_model && Level::TRACE <= STATIC_MAX_LEVEL && LevelFilter::current() == LevelFilter::TRACE {
        // A closure of three words is passed in memory. Moved into the `Option`, it is written
        // there here, and not before the comparison.
        heard(&mut Some(event));
    }
}

#[cold]
#[inline(never)]
fn heard<F: FnOnce()>(event: &mut Option<F>) {
    if let Some(event) = event.take() {
        event();
    }
}
