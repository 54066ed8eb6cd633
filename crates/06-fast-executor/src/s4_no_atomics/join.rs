//! The join handle of a task in a slot. It stays on the thread of its task, so neither needs an
//! atomic step to find the other.

#![allow(unsafe_code)]

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use lesson_executor::parts::join::JoinError;

use super::{
    owner_word::{HANDLE, OutputStep},
    slot::TaskSlot,
    waker::SlotRef,
};

// ANCHOR: handle
/// Waits for the result of a task.
///
/// If the handle is dropped, the task runs on, and its output is dropped. The handle stays on the
/// thread of its task; an [`AbortHandle`] may go to any thread.
///
/// Cancel safe: code that stops awaiting `&mut handle` can await it again later.
pub struct JoinHandle<T> {
    /// The flag `HANDLE` keeps the task in its slot.
    task: TaskSlot,
    output: PhantomData<T>,
}
// ANCHOR_END: handle

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// This is the thread of the task. `HANDLE` is set, the task has no other handle, and its
    /// future's output is a `T`.
    #[inline]
    pub(super) unsafe fn new(task: TaskSlot) -> Self {
        JoinHandle { task, output: PhantomData }
    }

    /// Cancels the task: its future is dropped instead of polled the next time. Awaiting the handle
    /// then gives [`JoinError::Cancelled`]. If the task has ended, `abort` does nothing.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Returns a handle that can abort the task from any thread.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle(SlotRef::new(self.task))
    }

    /// Whether the task has ended, so that awaiting it does not wait.
    pub fn is_finished(&self) -> bool {
        self.task.header().owner_word.is_finished()
    }

    // ANCHOR: join
    /// Leaves the waker in the task, unless the task already holds one that wakes the same.
    #[inline]
    fn leave(&self, waker: &Waker) {
        let joiner = &self.task.header().joiner;
        let last = joiner.take();
        let same = last.as_ref().is_some_and(|last| last.will_wake(waker));
        joiner.set(last);
        if !same {
            // The clone and the drop are foreign code. They may panic or use this handle, so the
            // place holds a value meanwhile.
            let last = joiner.replace(Some(waker.clone()));
            drop(last);
        }
    }

    /// Takes the output, if it is stored.
    #[inline]
    fn take(&self) -> Option<Result<T, JoinError>> {
        match self.task.header().owner_word.take_output() {
            // SAFETY: the output is stored, and this call has taken it. `new` promised that it is a
            // `T`.
            OutputStep::Take => Some(unsafe { self.task.take_output() }),
            OutputStep::Wait => None,
            OutputStep::Taken => panic!("a join handle was polled after it was ready; await it once"),
        }
    }
    // ANCHOR_END: join
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    /// # Panics
    ///
    /// If it is polled again after it was ready.
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(output) = self.take() {
            return Poll::Ready(output);
        }
        self.leave(cx.waker());
        // The clone of a waker may run any code, and the task may have ended there. So the handle
        // looks again.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }
}

// The handle pins nothing: it moves the output out of the task.
impl<T> Unpin for JoinHandle<T> {}

impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        let header = self.task.header();
        let waker = header.joiner.take();
        let is_output_here = matches!(header.owner_word.take_output(), OutputStep::Take);
        // SAFETY: the output is stored, and this call has taken it. `new` promised that it is a
        // `T`.
        let output = is_output_here.then(|| unsafe { self.task.take_output::<T>() });
        self.task.release(HANDLE);
        // Either drop may panic, so both come last.
        drop((waker, output));
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

/// Aborts a task from any thread, and does not wait for its end. To drop this handle does nothing.
#[derive(Clone)]
pub struct AbortHandle(SlotRef);

impl AbortHandle {
    /// As [`JoinHandle::abort`]. The future is dropped on its own thread.
    pub fn abort(&self) {
        self.0.abort();
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle").finish_non_exhaustive()
    }
}
