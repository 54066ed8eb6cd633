//! What the stages tell whoever records them. Unheard, an event costs a comparison: what it takes
//! to make one stands in functions of its own, out of the way of the code around it. In a model of
//! loom's there are none.

use tracing::{Level, level_filters::LevelFilter, trace};

/// A waker is about to be kept, at this place.
#[inline]
pub(crate) fn register(at: &'static str) {
    if is_heard() {
        emit_register(at);
    }
}

/// What is waited for has happened, and the wake comes next.
#[inline]
pub(crate) fn fire(at: &'static str) {
    if is_heard() {
        emit_fire(at);
    }
}

/// The thread is about to sleep.
#[inline]
pub(crate) fn park() {
    if is_heard() {
        emit_park();
    }
}

/// The thread has woken up.
#[inline]
pub(crate) fn unpark() {
    if is_heard() {
        emit_unpark();
    }
}

#[inline]
fn is_heard() -> bool {
    !cfg!(loom_model)
        && Level::TRACE <= tracing::level_filters::STATIC_MAX_LEVEL
        && LevelFilter::current() == LevelFilter::TRACE
}

#[cold]
#[inline(never)]
fn emit_register(at: &'static str) {
    trace!(target: "waker", event = "register", at);
}

#[cold]
#[inline(never)]
fn emit_fire(at: &'static str) {
    trace!(target: "waker", event = "fire", at);
}

#[cold]
#[inline(never)]
fn emit_park() {
    trace!(target: "waker", event = "park");
}

#[cold]
#[inline(never)]
fn emit_unpark() {
    trace!(target: "waker", event = "unpark");
}
