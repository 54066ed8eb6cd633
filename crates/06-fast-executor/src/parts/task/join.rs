//! The join handle: it takes the output out of the task, or leaves a waker there. The state word
//! decides which of the two cells the handle may use.

#![allow(unsafe_code)]

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use lesson_executor::parts::join::JoinError;

use super::{
    cell::{TaskHeader, TaskRef},
    state::{AlreadyComplete, DetachStep},
};

// ANCHOR: handle
/// Waits for the result of a task.
///
/// If the handle is dropped, the task runs on, and its output is dropped. The task is *detached*,
/// as in tokio. (In smol that would cancel the task.) The handle may go to another thread if the
/// output may.
///
/// Cancel safe: code that stops awaiting `&mut handle` can await it again later.
pub struct JoinHandle<T> {
    task: TaskRef,
    /// Whether the output was taken.
    taken: bool,
    output: PhantomData<T>,
}
// ANCHOR_END: handle

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// The task has no other handle, and its future's output is a `T`.
    pub(crate) unsafe fn new(task: TaskRef) -> Self {
        JoinHandle { task, taken: false, output: PhantomData }
    }

    /// Cancels the task: its future is dropped, where it would be polled, and not polled again.
    /// Awaiting the handle then gives [`JoinError::Cancelled`]. If the task has ended, `abort` does
    /// nothing.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Returns a handle that can abort the task while this one is elsewhere.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(self.task.clone())
    }

    /// Whether the task has ended, so that awaiting it does not wait.
    pub fn is_finished(&self) -> bool {
        self.task.state().is_complete()
    }

    // ANCHOR: join
    /// Leaves the waker in the task. The task may complete meanwhile: then it is refused.
    fn leave(&self, waker: &Waker) -> Result<(), AlreadyComplete> {
        let TaskHeader { state, joiner, .. } = self.task.header();
        if state.is_awaited() {
            // SAFETY: `AWAITED` is set, so the cell is filled. Nobody writes it before this handle
            // takes it back.
            if joiner.with(|place| unsafe { (*place).as_ref() }.is_some_and(|last| last.will_wake(waker))) {
                return Ok(());
            }
        }
        // The clone may panic or poll this handle, so it comes before the first step.
        let clone = waker.clone();
        state.take_back()?;
        // SAFETY: `AWAITED` is not set, so the cell belongs to the handle.
        let last = joiner.with_mut(|place| unsafe { (*place).replace(clone) });
        let left = state.leave_waker();
        drop(last);
        left
    }
    // ANCHOR_END: join
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!self.taken, "a join handle was polled after it was ready; await it once");
        if !self.task.state().is_complete() && self.leave(cx.waker()).is_ok() {
            return Poll::Pending;
        }
        self.taken = true;
        let mut output = MaybeUninit::<Result<T, JoinError>>::uninit();
        // SAFETY: the task is complete, so its output belongs to this handle, which takes it only
        // once. `new` promised that it is a `T`.
        unsafe {
            (self.task.header().vtable.take_output)(&self.task, output.as_mut_ptr().cast());
            Poll::Ready(output.assume_init())
        }
    }
}

// The handle pins nothing: it moves the output out of the task.
impl<T> Unpin for JoinHandle<T> {}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let TaskHeader { state, vtable, joiner, .. } = self.task.header();
        let DetachStep { output, waker } = state.detach();
        // SAFETY: the step has left the waker to this handle.
        let waker = waker.then(|| joiner.with_mut(|place| unsafe { (*place).take() }));
        if output && !self.taken {
            // SAFETY: the task is complete, and its output is still there. It belongs to this
            // handle.
            unsafe { (vtable.drop_output)(&self.task) }
        }
        drop(waker);
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

/// Aborts a task from any thread, and does not wait for its end. To drop this handle does nothing.
#[derive(Clone)]
pub struct AbortHandle(TaskRef);

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
