//! Stage 1: poll every task again and again until it is ready. Many texts explain an executor like
//! this: a list of tasks, and a loop around `poll`. No task has to be woken, because every task is
//! polled all the time. The price: the thread never sleeps.

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
    tasks: RefCell<VecDeque<Work>>,
}

/// A future of any type, pinned on the heap.
type Work = Pin<Box<dyn Future<Output = ()>>>;

impl Executor {
    /// Creates an executor without tasks.
    pub fn new() -> Self {
        Executor::default()
    }

    /// Adds a task to the list. The next round polls it for the first time.
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        self.tasks.borrow_mut().push_back(Box::pin(future));
    }

    // ANCHOR: round
    /// Polls every task once, and drops those that are ready.
    pub fn round(&self) {
        for _ in 0..self.len() {
            // The task is out of the list while it is polled. So it may spawn others, and if it
            // panics, it is dropped.
            let Some(mut task) = self.tasks.borrow_mut().pop_front() else { return };
            match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(()) => drop(task),
                Poll::Pending => self.tasks.borrow_mut().push_back(task),
            }
        }
    }
    // ANCHOR_END: round

    /// Polls all tasks, round after round, until none is left.
    pub fn run(&self) {
        while !self.is_empty() {
            self.round();
        }
    }

    /// Polls `root` and all tasks, round after round, until `root` is ready.
    pub fn block_on<F: Future>(&self, root: F) -> F::Output {
        let mut root = pin!(root);
        loop {
            if let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            self.round();
        }
    }

    /// The number of tasks.
    pub fn len(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
