//! Stage 1: a waker by hand. A `Waker` is two pointers: some data, and a table of what to do when
//! it is cloned, woken (by value or by reference) and dropped. Here the data is an `Arc` in
//! disguise, and each entry says what becomes of the count: that is all there is to get right, and
//! all that can be got wrong.

#![allow(unsafe_code)]

use std::{
    mem,
    sync::Arc,
    task::{RawWaker, RawWakerVTable, Waker},
};

/// What a wake does: it calls a function.
pub struct OnWake<F>(pub F);

// ANCHOR: waker
/// A waker that calls the function, on whatever thread it is woken.
pub fn waker<F: Fn() + Send + Sync + 'static>(on_wake: Arc<OnWake<F>>) -> Waker {
    // SAFETY: the table keeps the four promises of `RawWakerVTable`, see there, and `F` may be used
    // from any thread.
    unsafe { Waker::from_raw(raw(on_wake)) }
}

/// The waker's share of the count goes into it, as a pointer.
fn raw<F: Fn() + Send + Sync + 'static>(on_wake: Arc<OnWake<F>>) -> RawWaker {
    RawWaker::new(Arc::into_raw(on_wake).cast(), OnWake::<F>::TABLE)
}
// ANCHOR_END: waker

// ANCHOR: table
impl<F: Fn() + Send + Sync + 'static> OnWake<F> {
    const TABLE: &'static RawWakerVTable = &RawWakerVTable::new(Self::clone, Self::wake, Self::wake_by_ref, Self::drop);

    /// Retains: one share more.
    unsafe fn clone(data: *const ()) -> RawWaker {
        // SAFETY: `data` came from `Arc::into_raw`, and whoever clones has a waker, so the count is
        // not zero.
        unsafe { Arc::increment_strong_count(data.cast::<Self>()) };
        RawWaker::new(data, Self::TABLE)
    }

    /// Consumes: the share of the waker is given back, after the call, also when that unwinds.
    unsafe fn wake(data: *const ()) {
        // SAFETY: `data` came from `Arc::into_raw`, and the share of the waker that is consumed
        // becomes this `Arc`'s.
        let on_wake = unsafe { Arc::from_raw(data.cast::<Self>()) };
        (on_wake.0)();
    }

    /// Borrows: the count stays as it is, also when the call unwinds.
    unsafe fn wake_by_ref(data: *const ()) {
        // SAFETY: `data` came from `Arc::into_raw`, and the waker that is borrowed keeps its share.
        let on_wake = unsafe { mem::ManuallyDrop::new(Arc::from_raw(data.cast::<Self>())) };
        (on_wake.0)();
    }

    /// Releases: one share less.
    unsafe fn drop(data: *const ()) {
        // SAFETY: `data` came from `Arc::into_raw`, and the waker that is dropped has a share to
        // give back.
        unsafe { Arc::decrement_strong_count(data.cast::<Self>()) };
    }
}
// ANCHOR_END: table
