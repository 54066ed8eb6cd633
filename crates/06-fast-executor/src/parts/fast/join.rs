//! The other end of a task in a slot: who spawned it asks here for its output, or for its end.

#![allow(unsafe_code)]

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::{
    slot::Slot,
    waker,
    words::{HANDLE, Output},
};
use crate::parts::task::JoinError;

// ANCHOR: handle
/// Is ready with the output of the task, or with what became of it instead.
///
/// Dropped, it lets the task run on, whose output nobody sees then. It stays on the task's thread,
/// so that neither needs an atomic to find the other; only an [`AbortHandle`] may leave it.
///
/// Cancel safe: to drop a reference to it and to await it again later loses nothing.
pub struct JoinHandle<T> {
    /// While it has its flag, the task is there.
    task: Slot,
    output: PhantomData<T>,
}
// ANCHOR_END: handle

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// `HANDLE` is set, for this one, on this thread; and the output of the task's future is a `T`.
    #[inline]
    pub(super) unsafe fn new(task: Slot) -> Self {
        JoinHandle { task, output: PhantomData }
    }

    /// Has the task cancelled: its future is dropped, when it would be polled next. If it has ended
    /// by then, nothing happens; else awaiting the handle gives an error that [is
    /// cancelled](JoinError::is_cancelled).
    pub fn abort(&self) {
        self.task.abort();
    }

    /// What can abort the task from elsewhere.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(waker::lent_untold(self.task).clone())
    }

    /// Whether the task has ended, so that awaiting it would not wait.
    pub fn is_finished(&self) -> bool {
        self.task.head().own.is_finished()
    }

    // ANCHOR: join
    /// Leaves the waker, if that is not there already.
    #[inline]
    fn leave(&self, waker: &Waker) {
        let joiner = &self.task.head().joiner;
        let last = joiner.take();
        let same = last.as_ref().is_some_and(|last| last.will_wake(waker));
        joiner.set(last);
        if !same {
            // The clone may panic or come back here, and so may the drop: the place is whole
            // meanwhile.
            let last = joiner.replace(Some(waker.clone()));
            drop(last);
        }
    }

    /// The output, if it is there.
    #[inline]
    fn take(&self) -> Option<Result<T, JoinError>> {
        match self.task.head().own.take() {
            // SAFETY: there it is, this one's, and a `T`.
            Output::There => Some(unsafe { self.task.take_output() }),
            Output::Later => None,
            Output::Taken => panic!("a join handle was polled after it was ready"),
        }
    }
    // ANCHOR_END: join
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled after it was ready.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(output) = self.take() {
            return Poll::Ready(output);
        }
        self.leave(cx.waker());
        // As ever, it is registered first, and then looked: a waker's clone runs whatever it likes,
        // and the task may be over now.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }
}

// There is nothing in it that is pinned: the output comes from the task by value.
impl<T> Unpin for JoinHandle<T> {}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        let head = self.task.head();
        let waker = head.joiner.take();
        // SAFETY: there it is, this one's, and a `T`.
        let output = matches!(head.own.take(), Output::There).then(|| unsafe { self.task.take_output::<T>() });
        self.task.release(HANDLE);
        // Last, as either may panic.
        drop((waker, output));
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

/// Aborts a task, from any thread, and does not wait for it. To drop it does nothing to the task.
#[derive(Clone)]
pub struct AbortHandle(Waker);

impl AbortHandle {
    /// As [`JoinHandle::abort`]. The future is dropped on its own thread.
    pub fn abort(&self) {
        waker::abort(&self.0);
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").finish_non_exhaustive()
    }
}
