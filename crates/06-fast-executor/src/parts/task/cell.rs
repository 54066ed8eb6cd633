//! A task in one allocation: a header of the same type for all tasks, and behind it the future,
//! whose place later holds the output. `state.rs` decides which thread may use which of these.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ptr::NonNull,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::state::{CompleteStep, StateWord, WakeStep};
use crate::{
    parts::{event, panics::contain_panic},
    sync::cell::UnsafeCell,
};

// ANCHOR: cell
/// The first part of every task. A pointer to the header is a pointer to the whole task.
#[repr(C)]
pub(crate) struct TaskHeader {
    pub(super) state: StateWord,
    pub(super) vtable: &'static TaskVtable,
    /// An `Arc<S>` as a raw pointer. It never changes, and is dropped with the task.
    pub(super) scheduler: *const (),
    /// The neighbours in the list of the task's owner. Only that owner uses them.
    pub(crate) links: UnsafeCell<ListLinks>,
    /// The waker of the task that awaits the handle. The bit `AWAITED` decides who uses it.
    pub(super) joiner: UnsafeCell<Option<Waker>>,
    /// Holds nothing. Through it a model sees each use of a task, and a use after the free.
    pub(super) life: UnsafeCell<()>,
}

/// A whole task.
#[repr(C)]
pub(super) struct TaskAllocation<C> {
    pub(super) header: TaskHeader,
    /// The future until the task is complete: it belongs to the thread that has set `RUNNING`. Then
    /// the output: it belongs to the handle, or without a handle to the thread that completed the
    /// task.
    pub(super) contents: UnsafeCell<C>,
}
// ANCHOR_END: cell

/// The tasks before and after a task in a list.
#[derive(Default)]
pub(crate) struct ListLinks {
    pub(crate) prev: Option<NonNull<TaskHeader>>,
    pub(crate) next: Option<NonNull<TaskHeader>>,
}

/// The functions that differ between types of futures and of schedulers.
pub(super) struct TaskVtable {
    pub(super) poll: unsafe fn(&TaskRef, &mut Context<'_>) -> Poll<()>,
    pub(super) cancel: unsafe fn(&TaskRef),
    pub(super) drop_output: unsafe fn(&TaskRef),
    /// Moves the output to the place that the pointer names.
    pub(super) take_output: unsafe fn(&TaskRef, *mut ()),
    /// Pushes the task, the second argument, into the run queue of its scheduler. The first
    /// argument is only used to find that scheduler.
    pub(super) schedule: unsafe fn(&TaskRef, TaskRef),
    pub(super) free: unsafe fn(NonNull<TaskHeader>),
}

/// One counted reference to a task.
pub(crate) struct TaskRef(NonNull<TaskHeader>);

// SAFETY: the state word decides which thread uses the cells, and the scheduler is `Send + Sync`. A
// future that is not `Send` is used only in `poll` and `cancel`, whose callers guarantee the
// thread.
unsafe impl Send for TaskRef {}
// SAFETY: as for `Send`; a shared reference can do no more than an owned one.
unsafe impl Sync for TaskRef {}

impl TaskRef {
    pub(super) fn header(&self) -> &TaskHeader {
        // SAFETY: this reference keeps the task allocated. Only fields in cells and atomics change.
        let header = unsafe { self.0.as_ref() };
        header.life.with(|_| ());
        header
    }

    pub(super) fn state(&self) -> &StateWord {
        &self.header().state
    }

    pub(crate) fn as_raw(&self) -> NonNull<TaskHeader> {
        self.0
    }

    pub(crate) fn into_raw(self) -> NonNull<TaskHeader> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    ///
    /// The word counts a reference for this pointer, and no other `TaskRef` stands for it.
    pub(crate) unsafe fn from_raw(task: NonNull<TaskHeader>) -> Self {
        TaskRef(task)
    }

    /// Whether the task was spawned with this scheduler.
    pub(super) fn is_scheduled_by<S>(&self, scheduler: &Arc<S>) -> bool {
        self.header().scheduler == Arc::as_ptr(scheduler).cast()
    }

    /// The number by which events name the task.
    pub(crate) fn address(&self) -> usize {
        self.0.addr().get()
    }

    // ANCHOR: wake
    /// Wakes the task: an idle task enters the run queue of its executor.
    pub(super) fn wake(&self) {
        self.schedule_if(self.state().wake());
    }
    // ANCHOR_END: wake

    /// Cancels the task: its future is dropped where it would be polled.
    pub(super) fn abort(&self) {
        self.schedule_if(self.state().cancel());
    }

    fn schedule_if(&self, wake: WakeStep) {
        if let WakeStep::Schedule = wake {
            event::task("enqueue", self.address());
            // SAFETY: the state word has counted a reference for the entry. `self` keeps the
            // scheduler alive during the call, even if the scheduler drops the entry.
            unsafe { (self.header().vtable.schedule)(self, TaskRef(self.0)) }
        }
    }

    /// Polls the future with a waker of this task. If that returns `Ready`, the future has ended or
    /// panicked; it is dropped, and the output is stored.
    ///
    /// # Safety
    ///
    /// The caller has set `RUNNING`, and the future may be polled on this thread.
    pub(super) unsafe fn poll(&self) -> Poll<()> {
        let waker = self.lent_waker();
        // SAFETY: the caller guarantees that this thread holds `RUNNING` and may use the future.
        unsafe { (self.header().vtable.poll)(self, &mut Context::from_waker(&waker)) }
    }

    /// Drops the future, and stores the output "cancelled".
    ///
    /// # Safety
    ///
    /// As [`TaskRef::poll`].
    pub(super) unsafe fn cancel(&self) {
        // SAFETY: the caller guarantees that this thread holds `RUNNING` and may use the future.
        unsafe { (self.header().vtable.cancel)(self) }
    }

    /// Completes the task, and wakes the task that awaits its handle.
    ///
    /// # Safety
    ///
    /// The caller has set `RUNNING`, and the output is stored.
    pub(super) unsafe fn complete(&self) {
        let TaskHeader { state, vtable, joiner, .. } = self.header();
        let CompleteStep { is_output_wanted, is_awaited } = state.complete();
        if !is_output_wanted {
            // SAFETY: the output is stored. There is no handle, so it belongs to this thread.
            contain_panic(|| unsafe { (vtable.drop_output)(self) });
        } else if is_awaited {
            contain_panic(|| {
                // SAFETY: `AWAITED` was set, so the cell holds a waker. Until the bit is unset,
                // nobody writes the cell.
                let wake = |place: *const Option<Waker>| unsafe { (*place).as_ref() }.map(Waker::wake_by_ref);
                joiner.with(wake).expect("an awaited task holds its joiner's waker")
            });
            if state.woke_joiner() {
                // SAFETY: the handle was dropped and has left its waker to this thread.
                let waker = joiner.with_mut(|place| unsafe { (*place).take() });
                contain_panic(|| drop(waker));
            }
        }
    }
}

impl Clone for TaskRef {
    fn clone(&self) -> Self {
        self.state().retain();
        TaskRef(self.0)
    }
}

impl Drop for TaskRef {
    fn drop(&mut self) {
        if self.state().release() {
            event::gone(self.address());
            // SAFETY: this was the last reference, so nobody uses the task any more.
            unsafe { (self.header().vtable.free)(self.0) }
        }
    }
}
