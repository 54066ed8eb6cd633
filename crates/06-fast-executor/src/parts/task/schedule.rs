//! How a woken task reaches a run queue. The task calls its scheduler; the scheduler queues the
//! task and sees to it that a thread comes for it.

use super::cell::TaskRef;

/// The run queue of an executor, together with the means to wake a thread that polls its tasks.
pub trait Schedule: Send + Sync + 'static {
    /// Queues a task that is not in the queue yet, and makes sure that a thread will run it.
    ///
    /// Any thread may call this, also a thread that holds a lock. So it polls nothing and drops no
    /// future.
    fn schedule(&self, task: ScheduledTask);

    /// Drops all entries of the queue, and every entry that is pushed later. Called once no thread
    /// runs the tasks any more.
    fn close(&self);
}

/// An entry of a run queue: a task that was woken and is not polled yet.
///
/// The owner of the task runs it. The entry may pass through any thread on its way. If it is
/// dropped instead, the wake is lost; only a closed queue does that.
pub struct ScheduledTask(pub(crate) TaskRef);
