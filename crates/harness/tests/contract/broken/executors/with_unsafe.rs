//! Two faults that safe Rust does not allow: a value that is not `Send` is used on another thread,
//! and two threads poll one future at once.
#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    task::{Context, Poll},
};

use harness::executor::{Job, Output};

/// Sends a value that is not `Send`.
#[derive(Clone)]
pub struct Anywhere<T>(T);

// SAFETY: none. The fault is that another thread drops the value. The check runs one thread at a
// time, so nothing races.
unsafe impl<T> Send for Anywhere<T> {}

impl<T> Anywhere<T> {
    pub fn new(value: T) -> Self {
        Anywhere(value)
    }

    pub fn get(&self) -> &T {
        &self.0
    }
}

/// A future without a lock.
pub struct Unlocked(UnsafeCell<Option<Job>>);

// SAFETY: none. The fault is that two threads poll the future at once. In overlapping polls, the
// check's future only uses shared references to atomics.
unsafe impl Sync for Unlocked {}

impl Unlocked {
    pub fn new(job: Job) -> Self {
        Unlocked(UnsafeCell::new(Some(job)))
    }

    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<Output> {
        // SAFETY: none, as above.
        let job = unsafe { &mut *self.0.get() };
        job.as_mut().map_or(Poll::Pending, |job| job.as_mut().poll(cx))
    }

    pub fn take(&self) -> Option<Job> {
        // SAFETY: none, as above.
        unsafe { &mut *self.0.get() }.take()
    }
}
