//! What Rust does not allow, so that executors can do it wrong: a value that is used on another
//! thread than its own, and a future that two threads poll at once.
#![allow(unsafe_code)]

use std::{
    cell::UnsafeCell,
    task::{Context, Poll},
};

use harness::executor::{Job, Output};

/// A value that is not `Send`, sent all the same.
#[derive(Clone)]
pub struct Anywhere<T>(T);

// SAFETY: none. That such a value is dropped on a thread that is not its own is the fault that the
// check must find; the check lets one thread at a time do anything, so that nothing races.
unsafe impl<T> Send for Anywhere<T> {}

impl<T> Anywhere<T> {
    pub fn new(value: T) -> Self {
        Anywhere(value)
    }

    pub fn get(&self) -> &T {
        &self.0
    }
}

/// A future without a lock around it.
pub struct Unlocked(UnsafeCell<Option<Job>>);

// SAFETY: none. That two threads poll it at once is the fault that the check must find; what the
// check's future does in a poll that overlaps another one is done through shared references to
// atomics.
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
