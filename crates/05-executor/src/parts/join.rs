//! The join handle: how a task's result reaches the code that spawned it. A `Reporter` wraps the
//! task's future and writes the result into a `ResultCell`; the [`JoinHandle`] reads it there.
//! The loop of the executor knows nothing of this: to it, a `Reporter` is a future like any other.

use std::{
    any::Any,
    error::Error,
    fmt,
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use crate::sync::{Mutex, lock};

/// Why a task has no output.
#[derive(Debug)]
pub enum JoinError {
    /// It was aborted, or its executor was dropped.
    Cancelled,
    /// It panicked with this payload, in a poll or when its future was dropped.
    Panicked(Box<dyn Any + Send>),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JoinError::Panicked(payload) = self else { return f.write_str("the task was cancelled") };
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        write!(f, "the task panicked: {}", text.unwrap_or("(the payload is no text)"))
    }
}

impl Error for JoinError {}

// ANCHOR: cell
/// The place where a task leaves its result.
pub(crate) struct ResultCell<T>(Mutex<Progress<T>>);

struct Progress<T> {
    result: Option<Result<T, JoinError>>,
    /// The waker of the task that awaits the handle.
    waiter: Option<Waker>,
    /// The task has ended.
    finished: bool,
    /// `abort` was called.
    aborted: bool,
    /// The handle was dropped.
    detached: bool,
}
// ANCHOR_END: cell

impl<T> ResultCell<T> {
    // ANCHOR: finish
    /// Stores the result, and wakes the task that awaits the handle. Without a handle, the result
    /// is dropped.
    fn finish(&self, result: Result<T, JoinError>) {
        let mut progress = lock(&self.0);
        progress.finished = true;
        let waiter = progress.waiter.take();
        let unwanted = if progress.detached { Some(result) } else { progress.result.replace(result) };
        drop(progress);
        contain(|| waiter.into_iter().for_each(Waker::wake));
        contain(|| drop(unwanted));
    }
    // ANCHOR_END: finish
}

/// Calls code that may panic, and catches the panic. The drop of the panic's payload may panic too;
/// then that second payload is leaked.
fn contain(may_panic: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(may_panic)) else { return };
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
    mem::forget(dropped);
}

// ANCHOR: reporter
/// Polls a future to its end and reports the result to its cell. It never panics.
pub(crate) struct Reporter<F: Future> {
    future: Option<Pin<Box<F>>>,
    cell: Arc<ResultCell<F::Output>>,
}
// ANCHOR_END: reporter

impl<F: Future> Reporter<F> {
    /// Wraps a future, and returns the cell that its handle needs.
    pub(crate) fn new(future: F) -> (Self, Arc<ResultCell<F::Output>>) {
        let progress = Progress { result: None, waiter: None, finished: false, aborted: false, detached: false };
        let cell = Arc::new(ResultCell(Mutex::new(progress)));
        (Reporter { future: Some(Box::pin(future)), cell: Arc::clone(&cell) }, cell)
    }

    // ANCHOR: end
    /// Drops the future first, and reports the result second.
    fn end(&mut self, result: Result<F::Output, JoinError>) {
        let future = self.future.take();
        self.cell.finish(match catch_unwind(AssertUnwindSafe(|| drop(future))) {
            Ok(()) => result,
            Err(payload) => {
                contain(|| drop(result));
                Err(JoinError::Panicked(payload))
            }
        });
    }
    // ANCHOR_END: end
}

impl<F: Future> Future for Reporter<F> {
    type Output = ();

    // ANCHOR: poll
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let aborted = lock(&self.cell.0).aborted;
        let Some(future) = &mut self.future else { return Poll::Ready(()) };
        let result = if aborted {
            Err(JoinError::Cancelled)
        } else {
            match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(output)) => Ok(output),
                Err(payload) => Err(JoinError::Panicked(payload)),
            }
        };
        self.end(result);
        Poll::Ready(())
    }
    // ANCHOR_END: poll
}

impl<F: Future> Drop for Reporter<F> {
    /// Reports `Cancelled` if the future has not ended yet.
    fn drop(&mut self) {
        if self.future.is_some() {
            self.end(Err(JoinError::Cancelled));
        }
    }
}

// ANCHOR: handle
/// Waits for the result of a task.
///
/// If the handle is dropped, the task continues to run, and its output is dropped when it ends.
/// Such a task is called *detached*.
///
/// Cancel safe: code that stops awaiting `&mut handle` can await it again later.
pub struct JoinHandle<T> {
    cell: Arc<ResultCell<T>>,
    /// A waker of the task, for [`abort`](JoinHandle::abort).
    waker: Waker,
}
// ANCHOR_END: handle

impl<T> JoinHandle<T> {
    pub(crate) fn new(cell: Arc<ResultCell<T>>, waker: Waker) -> Self {
        JoinHandle { cell, waker }
    }

    // ANCHOR: abort
    /// Asks to cancel the task: instead of its next poll, its future is dropped, and the result is
    /// [`JoinError::Cancelled`]. If the task has ended, or ends in its current poll, `abort` does
    /// nothing.
    pub fn abort(&self) {
        lock(&self.cell.0).aborted = true;
        self.waker.wake_by_ref();
    }
    // ANCHOR_END: abort

    /// Whether the task has ended, so that awaiting it does not wait.
    pub fn is_finished(&self) -> bool {
        lock(&self.cell.0).finished
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    // ANCHOR: await
    /// # Panics
    ///
    /// If it is polled again after it was ready.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waiter = cx.waker().clone();
        let mut progress = lock(&self.cell.0);
        if let Some(result) = progress.result.take() {
            return Poll::Ready(result);
        }
        assert!(!progress.finished, "a join handle was polled after it was ready; await it once");
        let last = progress.waiter.replace(waiter);
        // The lock is released before a waker is dropped. (The early return above does the same.)
        drop(progress);
        drop(last);
        Poll::Pending
    }
    // ANCHOR_END: await
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let mut progress = lock(&self.cell.0);
        progress.detached = true;
        let (result, waiter) = (progress.result.take(), progress.waiter.take());
        drop(progress);
        drop((result, waiter));
    }
}
