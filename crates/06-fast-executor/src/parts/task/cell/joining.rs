//! The handle's side of a task: it takes the output out, or leaves a waker in the head. Whose these
//! places are says the word.

#![allow(unsafe_code)]

use std::{
    marker::PhantomData,
    mem::MaybeUninit,
    task::{Poll, Waker},
};

use super::{Head, JoinError, Task};
use crate::parts::task::state::{Complete, Left};

/// The join handle's end of a task whose output is a `T`. It is `Send` if that is.
pub(crate) struct Joining<T> {
    task: Task,
    /// Whether the output was taken.
    taken: bool,
    output: PhantomData<T>,
}

impl<T> Joining<T> {
    /// # Safety
    ///
    /// The reference is the one for the handle, and `T` the output of the task's future.
    pub(crate) unsafe fn new(task: Task) -> Self {
        Joining { task, taken: false, output: PhantomData }
    }

    pub(crate) fn task(&self) -> &Task {
        &self.task
    }

    // ANCHOR: join
    /// Takes the output, or leaves the waker: as ever, it is registered first, and then looked.
    pub(crate) fn poll(&mut self, waker: &Waker) -> Poll<Result<T, JoinError>> {
        assert!(!self.taken, "a join handle was polled after it was ready");
        let Head { state, table, .. } = self.task.head();
        if !state.is_complete() && self.leave(waker).is_ok() {
            return Poll::Pending;
        }
        self.taken = true;
        let mut output = MaybeUninit::<Result<T, JoinError>>::uninit();
        // SAFETY: it is complete, so the output is the handle's, which takes it once; and the table
        // is that of this task.
        unsafe {
            (table.take_output)(&self.task, output.as_mut_ptr().cast());
            Poll::Ready(output.assume_init())
        }
    }

    fn leave(&self, waker: &Waker) -> Result<(), Complete> {
        let Head { state, joiner, .. } = self.task.head();
        if state.is_awaited() {
            // SAFETY: it is filled, and nobody writes it before the handle takes it back.
            if joiner.with(|place| unsafe { (*place).as_ref() }.is_some_and(|last| last.will_wake(waker))) {
                return Ok(());
            }
        }
        // It may panic, or come back here: the word is not touched yet.
        let clone = waker.clone();
        state.take_back()?;
        // SAFETY: `AWAITED` is not set, and only the handle sets it, so the place is the handle's.
        let last = joiner.with_mut(|place| unsafe { (*place).replace(clone) });
        let left = state.leave();
        drop(last);
        left
    }
    // ANCHOR_END: join
}

impl<T> Drop for Joining<T> {
    fn drop(&mut self) {
        let Head { state, table, joiner, .. } = self.task.head();
        let Left { output, waker } = state.leave_handle();
        // SAFETY: the word says that the place is the handle's.
        let waker = waker.then(|| joiner.with_mut(|place| unsafe { (*place).take() }));
        if output && !self.taken {
            // SAFETY: it is complete, so the output is the handle's, and it is there; and the table
            // is that of this task.
            unsafe { (table.drop_output)(&self.task) }
        }
        drop(waker);
    }
}
