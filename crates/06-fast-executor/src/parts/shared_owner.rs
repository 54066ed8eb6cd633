//! Who owns tasks that may run on any thread: as `owner.rs`, for futures that are `Send`, and
//! behind locks. No two threads poll one task at once, whoever has its entry: that is the word's
//! matter.

#![allow(unsafe_code)]

use std::{
    future::Future,
    sync::{Arc, PoisonError},
};

use super::{
    event,
    owner::{list::List, run, shut_down},
    task::{JoinHandle, Joining, Schedule, Task, Woken},
};
use crate::sync::{Apart, Mutex, MutexGuard};

/// How many lists the tasks are in, so that threads which spawn and end tasks seldom wait for each
/// other.
const LISTS: usize = if cfg!(loom_model) { 1 } else { 16 };

/// The owner of tasks that may be polled and dropped on any thread.
pub struct SharedOwner<S: Schedule> {
    schedule: Arc<S>,
    tasks: [Apart<Mutex<Tasks>>; LISTS],
}

struct Tasks {
    list: List,
    closed: bool,
}

impl<S: Schedule> SharedOwner<S> {
    /// Without any task. Whichever of its tasks is woken goes to this scheduler.
    pub fn new(schedule: S) -> Self {
        let tasks = [(); LISTS].map(|()| Apart(Mutex::new(Tasks { list: List::new(), closed: false })));
        SharedOwner { schedule: Arc::new(schedule), tasks }
    }

    /// Where its tasks go when they are woken.
    pub fn scheduler(&self) -> &S {
        &self.schedule
    }

    // ANCHOR: spawn
    /// Makes a task of the future, and schedules it. If this is closed, the task is [`Refused`],
    /// and its handle says that it was cancelled.
    pub fn spawn<F>(&self, future: F) -> (JoinHandle<F::Output>, Option<Refused>)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let [task, entry, joined] = Task::new(future, Arc::clone(&self.schedule));
        // SAFETY: this reference is for the handle, and the output is that of the future.
        let handle = JoinHandle::new(unsafe { Joining::new(joined) });
        let mut tasks = self.list_of(&task);
        if tasks.closed {
            drop(tasks);
            return (handle, Some(Refused(task)));
        }
        tasks.list.insert(task);
        drop(tasks);
        event::task("enqueue", entry.address());
        self.schedule.schedule(Woken(entry));
        (handle, None)
    }
    // ANCHOR_END: spawn

    // ANCHOR: run
    /// Polls a task that was woken, or drops it; `true` if it has ended now. What comes of a panic
    /// in there is its join handle's.
    ///
    /// # Panics
    ///
    /// If it is somebody else's task.
    #[inline]
    pub fn run(&self, Woken(task): Woken) -> bool {
        assert!(task.is_scheduled_by(&self.schedule), "a task must be run by its owner");
        // SAFETY: the task has this scheduler, so it was spawned here, and its future is `Send`.
        let Some(task) = (unsafe { run(task, |woken| self.schedule.schedule(woken)) }) else { return false };
        let listed = self.list_of(&task).list.remove(&task);
        drop(listed);
        true
    }
    // ANCHOR_END: run

    // ANCHOR: close
    /// Drops the futures of all tasks, on this thread, and refuses all that are still to be
    /// spawned. A task that is being polled at this moment is cancelled: whoever polls it drops its
    /// future then.
    pub fn close(&self) {
        // All of them first: what a drop spawns, whatever list it would be in, comes too late.
        self.tasks.iter().for_each(|Apart(tasks)| lock(tasks).closed = true);
        for Apart(tasks) in &self.tasks {
            // One after the other, and without the lock: whatever a future does when it is dropped,
            // it may do it.
            while let Some(task) = { lock(tasks).list.pop() } {
                drop(Refused(task));
            }
        }
        self.schedule.close();
    }

    /// Whether what is spawned is refused.
    pub fn is_closed(&self) -> bool {
        let [Apart(first), ..] = &self.tasks;
        lock(first).closed
    }
    // ANCHOR_END: close

    #[cfg_attr(loom_model, expect(clippy::modulo_one, reason = "a model has one list"))]
    fn list_of(&self, task: &Task) -> MutexGuard<'_, Tasks> {
        // Tasks that were made one after the other are in different ones.
        lock(&self.tasks[task.address() / 128 % LISTS].0)
    }
}

impl<S: Schedule> Drop for SharedOwner<S> {
    fn drop(&mut self) {
        self.close();
    }
}

/// A task that must not run any more. Dropped, it drops the future, which may do then whatever it
/// likes: let go of borrows and locks before.
pub struct Refused(Task);

impl Drop for Refused {
    fn drop(&mut self) {
        // SAFETY: a shared owner's futures are `Send`.
        unsafe { shut_down(&self.0) }
    }
}

fn lock(tasks: &Mutex<Tasks>) -> MutexGuard<'_, Tasks> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}
