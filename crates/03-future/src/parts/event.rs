//! What the stages tell a recording. While nobody listens, an event costs a comparison: the code
//! that makes it stands in a function of its own, apart from the code around it.

use tracing::{
    Level,
    level_filters::{LevelFilter, STATIC_MAX_LEVEL},
    trace,
};

/// A waker is about to be kept, at this place.
#[inline]
pub fn register(at: &'static str) {
    emit(move || trace!(target: "future", event = "register", at));
}

/// What is waited for has happened, and the wake comes next.
#[inline]
pub fn fire(at: &'static str) {
    emit(move || trace!(target: "future", event = "fire", at));
}

/// A remark.
#[inline]
pub fn note(text: &'static str) {
    emit(move || trace!(target: "future", event = "note", text));
}

/// Calls `event` if somebody listens. Lesson 4 has the same function: it stands on no earlier
/// lesson.
#[inline]
fn emit(event: impl FnOnce()) {
    if Level::TRACE <= STATIC_MAX_LEVEL && LevelFilter::current() == LevelFilter::TRACE {
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
