//! What a task does with its future and its output. These are the functions of its vtable: one set
//! for each type of future and of scheduler.

#![allow(unsafe_code)]

use std::{
    any::type_name,
    future::Future,
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr::NonNull,
    sync::Arc,
    task::{Context, Poll},
};

use lesson_executor::parts::join::JoinError;

use super::{
    cell::{ListLinks, TaskAllocation, TaskHeader, TaskRef, TaskVtable},
    schedule::{Schedule, ScheduledTask},
    state::StateWord,
};
use crate::{
    parts::{event, panics::contain_panic},
    sync::cell::UnsafeCell,
};

/// The future or, later in the same place, the output.
#[repr(C)]
union FutureOrOutput<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Result<F::Output, JoinError>>,
}

impl TaskRef {
    /// Creates a task, and returns its first three references: for the list of its owner, for its
    /// entry in the run queue, and for its handle.
    pub(crate) fn new<F, S>(future: F, scheduler: Arc<S>) -> [TaskRef; 3]
    where
        F: Future + 'static,
        S: Schedule,
    {
        let header = TaskHeader {
            state: StateWord::new(),
            vtable: const {
                &TaskVtable {
                    poll: poll::<F>,
                    cancel: cancel::<F>,
                    drop_output: drop_output::<F>,
                    take_output: take_output::<F>,
                    schedule: schedule_on::<S>,
                    free: free::<F, S>,
                }
            },
            scheduler: Arc::into_raw(scheduler).cast(),
            links: UnsafeCell::new(ListLinks::default()),
            joiner: UnsafeCell::new(None),
            life: UnsafeCell::new(()),
        };
        let contents = UnsafeCell::new(FutureOrOutput { future: ManuallyDrop::new(future) });
        let task = NonNull::from(Box::leak(Box::new(TaskAllocation { header, contents }))).cast();
        event::spawn(task.addr().get(), type_name::<F>());
        // SAFETY: a new state word counts three references.
        [(); 3].map(|()| unsafe { TaskRef::from_raw(task) })
    }
}

/// The cell that holds the future or the output.
///
/// # Safety
///
/// `F` is the type of the task's future.
unsafe fn contents<F: Future>(task: &TaskRef) -> &UnsafeCell<FutureOrOutput<F>> {
    // SAFETY: `new` made the task as a `TaskAllocation` for this `F`, with the header in front. It
    // lives as long as the reference.
    unsafe { &(*task.as_raw().cast::<TaskAllocation<FutureOrOutput<F>>>().as_ptr()).contents }
}

// ANCHOR: poll
/// # Safety
///
/// As [`TaskRef::poll`], and `F` is the type of the task's future.
unsafe fn poll<F: Future>(task: &TaskRef, cx: &mut Context<'_>) -> Poll<()> {
    event::poll(task.address());
    // SAFETY: the caller guarantees that the task's future is an `F`.
    let polled = unsafe { contents::<F>(task) }.with_mut(|contents| {
        // SAFETY: the caller has set `RUNNING`, so the future is here and belongs to this thread.
        // It is pinned: nothing moves it until `end` drops it in place.
        let future = unsafe { Pin::new_unchecked(&mut *(*contents).future) };
        // After a panic the future is only dropped, so no broken state is seen.
        catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
    });
    let output = match polled {
        Ok(Poll::Pending) => {
            event::polled("pending", task.address());
            return Poll::Pending;
        }
        Ok(Poll::Ready(output)) => {
            event::polled("ready", task.address());
            Ok(output)
        }
        Err(payload) => {
            event::polled("panic", task.address());
            Err(JoinError::Panicked(payload))
        }
    };
    // SAFETY: the caller guarantees that this thread holds `RUNNING` and may use the future, which
    // is an `F`.
    unsafe { end::<F>(task, output) };
    Poll::Ready(())
}
// ANCHOR_END: poll

/// # Safety
///
/// As [`poll`].
unsafe fn cancel<F: Future>(task: &TaskRef) {
    // SAFETY: the caller guarantees that this thread holds `RUNNING` and may use the future, which
    // is an `F`.
    unsafe { end::<F>(task, Err(JoinError::Cancelled)) }
}

/// Drops the future in place, and stores the output there.
///
/// # Safety
///
/// As [`poll`].
unsafe fn end<F: Future>(task: &TaskRef, output: Result<F::Output, JoinError>) {
    event::task("drop", task.address());
    // SAFETY: the caller guarantees that the task's future is an `F`.
    unsafe { contents::<F>(task) }.with_mut(|contents| {
        // SAFETY: the caller has set `RUNNING`, so the future is here. It is not used after this.
        let drop_future = || unsafe { ManuallyDrop::drop(&mut (*contents).future) };
        let output = match catch_unwind(AssertUnwindSafe(drop_future)) {
            Err(payload) => {
                // The handle reports the panic instead of this output.
                contain_panic(|| drop(output));
                Err(JoinError::Panicked(payload))
            }
            Ok(()) => output,
        };
        // SAFETY: the future was dropped, and the union has room for the output.
        unsafe { (*contents).output = ManuallyDrop::new(output) }
    });
}

/// # Safety
///
/// The task is complete, and its output is stored and belongs to the caller. `F` is the type of its
/// future.
unsafe fn drop_output<F: Future>(task: &TaskRef) {
    // SAFETY: the caller guarantees that the output is stored, and that the future was an `F`.
    unsafe { contents::<F>(task).with_mut(|contents| ManuallyDrop::drop(&mut (*contents).output)) }
}

/// # Safety
///
/// As [`drop_output`], and `to` has room for the output.
unsafe fn take_output<F: Future>(task: &TaskRef, to: *mut ()) {
    // SAFETY: the caller guarantees that the output is stored, that the future was an `F`, and that
    // `to` is valid.
    unsafe {
        let output = contents::<F>(task).with_mut(|contents| ManuallyDrop::take(&mut (*contents).output));
        to.cast::<Result<F::Output, JoinError>>().write(output);
    }
}

/// # Safety
///
/// `S` is the type of the task's scheduler.
unsafe fn schedule_on<S: Schedule>(task: &TaskRef, entry: TaskRef) {
    // SAFETY: the task holds an `Arc<S>`, and `task` keeps the task during the call.
    unsafe { &*task.header().scheduler.cast::<S>() }.schedule(ScheduledTask(entry));
}

/// # Safety
///
/// No reference to the task is left. `F` and `S` are the types of its future and its scheduler.
unsafe fn free<F: Future, S>(task: NonNull<TaskHeader>) {
    // SAFETY: `new` made the task in this box and gave it this `Arc<S>`. The future was dropped,
    // and the output was dropped or moved out, so the box frees memory only.
    unsafe {
        let task = Box::from_raw(task.cast::<TaskAllocation<FutureOrOutput<F>>>().as_ptr());
        // A model sees here a use of the task that is not over.
        task.header.life.with_mut(|_| ());
        drop(Arc::from_raw(task.header.scheduler.cast::<S>()));
    }
}
