//! The join handle of the broken executors. It holds the result of an ended task, and the waker of
//! the task that joins.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use harness::executor::End;

use super::numbers::lock;

/// What a task and its handle share.
#[derive(Clone, Default)]
pub struct Join(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    end: Option<End>,
    waker: Option<Waker>,
    is_dropped: bool,
}

impl Join {
    /// Stores how the task ended, and wakes the task that joins.
    pub fn end(&self, end: End) {
        let mut state = lock(&self.0);
        if state.is_dropped {
            drop(state);
            // The handle is dropped, so nobody takes the result.
            return drop(end);
        }
        state.end = Some(end);
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Gives the handle. Dropping the handle runs `when_dropped`.
    pub fn handle(self, when_dropped: Option<Box<dyn FnOnce() + Send>>) -> Joining {
        Joining { join: self, when_dropped }
    }
}

/// A future that is ready once a task has ended.
pub struct Joining {
    join: Join,
    when_dropped: Option<Box<dyn FnOnce() + Send>>,
}

impl Future for Joining {
    type Output = End;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let waker = cx.waker().clone();
        let mut state = lock(&self.join.0);
        if let Some(end) = state.end.take() {
            return Poll::Ready(end);
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        let mut state = lock(&self.join.0);
        state.is_dropped = true;
        let (end, waker) = (state.end.take(), state.waker.take());
        drop(state);
        if let Some(when_dropped) = self.when_dropped.take() {
            when_dropped();
        }
        drop((end, waker));
    }
}
