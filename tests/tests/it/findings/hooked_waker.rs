//! A waker that wakes nobody and runs a closure inside each clone.
#![allow(unsafe_code)]

use std::task::{RawWaker, RawWakerVTable, Waker};

type Hook = Box<dyn Fn() + Send + Sync>;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, |_| {}, |_| {}, |_| {});

/// A waker whose clone runs `hook` first. It is never freed.
pub fn waker(hook: impl Fn() + Send + Sync + 'static) -> Waker {
    let boxed: Hook = Box::new(hook);
    let hook: &'static Hook = Box::leak(Box::new(boxed));
    // SAFETY: the functions of `VTABLE` read `hook` or nothing. It is never freed, and is `Sync`.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::from_ref(hook).cast(), &VTABLE)) }
}

/// # Safety
///
/// `data` comes from [`waker`].
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the caller passes data of [`waker`], which is never freed.
    let hook = unsafe { &*data.cast::<Hook>() };
    hook();
    RawWaker::new(data, &VTABLE)
}
