//! Where the tasks of one thread go when they are woken: the run queue, and then the thread.

use std::task::Waker;

use crate::parts::{
    run_queue::RunQueue,
    task::{Schedule, ScheduledTask},
};

/// The run queue of an executor on one thread, and the waker that ends the thread's sleep.
pub struct ThreadScheduler {
    pub(super) queue: RunQueue,
    pub(super) unparker: Waker,
}

// ANCHOR: wake
impl Schedule for ThreadScheduler {
    /// Queues the task first, and ends the sleep of the thread second.
    fn schedule(&self, task: ScheduledTask) {
        self.queue.push(task);
        self.unparker.wake_by_ref();
    }

    fn close(&self) {
        self.queue.close();
    }
}
// ANCHOR_END: wake
