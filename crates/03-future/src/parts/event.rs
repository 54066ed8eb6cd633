//! What the stages tell whoever records them. Unheard, an event costs a comparison: what it takes
//! to make one stands in functions of its own, out of the way of the code around it.

use tracing::{Level, level_filters::LevelFilter, trace};

/// A waker is about to be kept, at this place.
#[inline]
pub fn register(at: &'static str) {
    if is_heard() {
        emit_register(at);
    }
}

/// What is waited for has happened, and the wake comes next.
#[inline]
pub fn fire(at: &'static str) {
    if is_heard() {
        emit_fire(at);
    }
}

/// Something worth saying.
#[inline]
pub fn note(text: &'static str) {
    if is_heard() {
        emit_note(text);
    }
}

#[inline]
fn is_heard() -> bool {
    Level::TRACE <= tracing::level_filters::STATIC_MAX_LEVEL && LevelFilter::current() == LevelFilter::TRACE
}

#[cold]
#[inline(never)]
fn emit_register(at: &'static str) {
    trace!(target: "future", event = "register", at);
}

#[cold]
#[inline(never)]
fn emit_fire(at: &'static str) {
    trace!(target: "future", event = "fire", at);
}

#[cold]
#[inline(never)]
fn emit_note(text: &'static str) {
    trace!(target: "future", event = "note", text);
}
