//! Combinators that are wrong in ways in which safe code cannot be. Each holds a [`Child`], which
//! consists of numbers: it has no pointer into itself and owns no memory, so that neither a move
//! nor a second drop of it touches anything freed.
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
        // SAFETY: the promise that the child stays where it is until its drop is broken below,
        // which is what this is for; no memory depends on it, since a `Child` holds no pointer into
        // itself.
        let polled = unsafe { Pin::new_unchecked(&mut **child) }.poll(cx);
        self.0 = self.0.take().map(|child| Box::new(*child));
        polled
    }
}

/// Drops its child when that panics, and once more when it is dropped itself.
pub struct DropsTwice(ManuallyDrop<Child>);

impl DropsTwice {
    pub fn new(child: Child) -> Self {
        DropsTwice(ManuallyDrop::new(child))
    }
}

impl Future for DropsTwice {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        // SAFETY: nothing is moved out of it, here or in `drop`.
        let child = unsafe { &mut self.get_unchecked_mut().0 };
        // SAFETY: the child is a part of what is pinned, and is dropped where it is.
        let pinned = unsafe { Pin::new_unchecked(&mut **child) };
        catch_unwind(AssertUnwindSafe(|| pinned.poll(cx))).unwrap_or_else(|payload| {
            // SAFETY: that it is dropped once is broken, which is what this is for; a `Child` owns
            // no memory.
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
