//! Combinators with faults that safe code cannot have. Each holds a [`Child`], which has no pointer
//! into itself and owns no memory. So a move or a second drop of it touches no freed memory.
#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use harness::future::Child;

/// Moves its child between two polls.
pub struct Moves(Option<Box<Child>>);

impl Moves {
    pub fn new(child: Child) -> Self {
        Moves(Some(Box::new(child)))
    }
}

impl Future for Moves {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        let child = self.0.as_mut().expect("it is put back after each poll");
        // SAFETY: none. The fault is that the child moves below. A `Child` has no pointer into
        // itself, so the move breaks no memory.
        let polled = unsafe { Pin::new_unchecked(&mut **child) }.poll(cx);
        self.0 = self.0.take().map(|child| Box::new(*child));
        polled
    }
}

/// Drops its child when that panics, and again in its own drop.
pub struct DropsTwice(ManuallyDrop<Child>);

impl DropsTwice {
    pub fn new(child: Child) -> Self {
        DropsTwice(ManuallyDrop::new(child))
    }
}

impl Future for DropsTwice {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        // SAFETY: neither this function nor `drop` moves the child.
        let child = unsafe { &mut self.get_unchecked_mut().0 };
        // SAFETY: the child is structurally pinned: it is dropped where it is.
        let pinned = unsafe { Pin::new_unchecked(&mut **child) };
        catch_unwind(AssertUnwindSafe(|| pinned.poll(cx))).unwrap_or_else(|payload| {
            // SAFETY: none. The fault is that the child is dropped twice. A `Child` owns no memory,
            // so the second drop frees none.
            unsafe { ManuallyDrop::drop(child) };
            resume_unwind(payload)
        })
    }
}

impl Drop for DropsTwice {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}
