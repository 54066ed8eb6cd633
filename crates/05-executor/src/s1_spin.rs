//! Stage 1: hit every future again and again until it is ready. That is what the notes' picture
//! says, taken literally: a list of tasks, and a loop around `poll`. Nobody needs to be woken, as
//! everybody is asked all the time; and that is what is wrong.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

/// An executor that never sleeps.
#[derive(Default)]
pub struct Executor {
    tasks: RefCell<VecDeque<Task>>,
}

/// A future whose type and size nobody has to know, at a place where it stays.
type Task = Pin<Box<dyn Future<Output = ()>>>;

impl Executor {
    /// An executor without tasks.
    pub fn new() -> Self {
        Executor::default()
    }

    /// Adds a task to the list. It is polled from the next round on.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.tasks.borrow_mut().push_back(Box::pin(future));
    }

    // ANCHOR: round
    /// Polls every task once, and takes those that are ready off the list.
    pub fn round(&self) {
        for _ in 0..self.len() {
            // Out of the list, so that a task can add others to it; and one that panics is gone
            // from it.
            let Some(mut task) = self.tasks.borrow_mut().pop_front() else { return };
            match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(()) => drop(task),
                Poll::Pending => self.tasks.borrow_mut().push_back(task),
            }
        }
    }
    // ANCHOR_END: round

    /// Round after round, until no task is left.
    pub fn run(&self) {
        while !self.is_empty() {
            self.round();
        }
    }

    /// Round after round, until this future is ready.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let mut root = pin!(root);
        loop {
            if let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            self.round();
        }
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
