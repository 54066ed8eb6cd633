//! The other end of a task: who spawned it asks here for its output, or for its end.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    cell::{Joining, Task},
    error::JoinError,
};

// ANCHOR: handle
/// Is ready with the output of the task, or with what became of it instead.
///
/// Dropped, it lets the task run on, whose output nobody sees then: it *detaches* it, as in tokio.
/// (In smol it would cancel the task.) It may go to another thread than the task's.
///
/// Cancel safe: to drop a reference to it and to await it again later loses nothing.
pub struct JoinHandle<T>(Joining<T>);
// ANCHOR_END: handle

impl<T> JoinHandle<T> {
    pub(crate) fn new(task: Joining<T>) -> Self {
        JoinHandle(task)
    }

    /// Has the task cancelled: its future is dropped, on its own thread, instead of being polled
    /// again. If it has ended by then, nothing happens; else awaiting the handle gives an error
    /// that [is cancelled](JoinError::is_cancelled).
    pub fn abort(&self) {
        self.0.task().abort();
    }

    /// What can abort the task when the handle is elsewhere.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(self.0.task().clone())
    }

    /// Whether the task has ended, so that awaiting it would not wait.
    pub fn is_finished(&self) -> bool {
        self.0.task().state().is_complete()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx.waker())
    }
}

// There is nothing in it that is pinned: the output comes from the task by value.
impl<T> Unpin for JoinHandle<T> {}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

/// Aborts a task, from any thread, and does not wait for it. To drop it does nothing to the task.
#[derive(Clone)]
pub struct AbortHandle(Task);

impl AbortHandle {
    /// As [`JoinHandle::abort`].
    pub fn abort(&self) {
        self.0.abort();
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").finish_non_exhaustive()
    }
}
