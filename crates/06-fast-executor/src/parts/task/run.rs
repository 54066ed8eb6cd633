//! One turn of a task: from its entry in the run queue through a poll to what follows.

#![allow(unsafe_code)]

use std::{mem, sync::Arc};

use super::{
    cell::TaskRef,
    schedule::{Schedule, ScheduledTask},
    state::{PendingStep, StartStep},
};
use crate::parts::event;

// ANCHOR: run
/// Polls a scheduled task, or drops its future if the task was cancelled. Returns the task if it
/// has ended. If it was woken during the poll, it is scheduled again.
///
/// # Panics
///
/// If the task belongs to another scheduler.
///
/// # Safety
///
/// This thread may poll and drop the futures that were spawned with this scheduler.
#[inline]
pub(crate) unsafe fn run<S: Schedule>(ScheduledTask(task): ScheduledTask, scheduler: &Arc<S>) -> Option<TaskRef> {
    assert!(task.is_scheduled_by(scheduler), "a task was handed to an executor that did not spawn it");
    event::task("dequeue", task.address());
    match task.state().start() {
        StartStep::Over => return None,
        // SAFETY: `start` has set `RUNNING` for this thread. The caller guarantees that it may use
        // the future.
        StartStep::Cancel => unsafe { task.cancel() },
        // SAFETY: `start` has set `RUNNING` for this thread. The caller guarantees that it may use
        // the future.
        StartStep::Poll => match unsafe { task.poll() }.is_pending().then(|| task.state().pending()) {
            None => {}
            Some(PendingStep::Idle) => {
                // `pending` has given this reference back.
                mem::forget(task);
                return None;
            }
            Some(PendingStep::Again) => {
                event::task("enqueue", task.address());
                scheduler.schedule(ScheduledTask(task));
                return None;
            }
            // SAFETY: `pending` has left `RUNNING` set for this thread.
            Some(PendingStep::Cancel) => unsafe { task.cancel() },
        },
    }
    // SAFETY: `RUNNING` is still set for this thread. `poll` or `cancel` has stored the output.
    unsafe { task.complete() }
    Some(task)
}
// ANCHOR_END: run

/// Drops the future of a task and completes the task. If a poll is running, the end of that poll
/// does both instead.
///
/// # Safety
///
/// This thread may drop the future.
pub(crate) unsafe fn shut_down(task: &TaskRef) {
    if task.state().shut_down() {
        // SAFETY: `StateWord::shut_down` has set `RUNNING` for this thread. `cancel` stores the
        // output that `complete` needs.
        unsafe {
            task.cancel();
            task.complete();
        }
    }
}
