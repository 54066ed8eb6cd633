//! A combinator that moves its child between two polls, which safe code cannot do.
#![allow(unsafe_code)]

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use harness::future::Child;

/// Yields what its child yields.
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
        // SAFETY: the promise that the child stays where it is until its drop is broken below, which is what this is for.
        // No memory depends on it: a `Child` consists of numbers and holds no pointer into itself.
        let polled = unsafe { Pin::new_unchecked(&mut **child) }.poll(cx);
        self.0 = self.0.take().map(|child| Box::new(*child));
        polled
    }
}
