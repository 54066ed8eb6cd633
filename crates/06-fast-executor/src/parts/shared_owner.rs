//! The owner of the tasks of a pool. Its futures are `Send`, so any thread may poll and drop them.
//! It keeps its tasks in lists behind locks. The state word of a task makes sure that one thread at
//! a time polls it.

#![allow(unsafe_code)]

use std::{
    future::Future,
    sync::{Arc, PoisonError},
};

use futures::future::FutureObj;

use super::{
    event,
    list::TaskList,
    spawner::{SpawnBoxed, Spawner},
    task::{JoinHandle, Schedule, ScheduledTask, TaskRef, run, shut_down},
};
use crate::sync::{CacheAligned, Mutex, MutexGuard};

/// The number of lists. With several lists, threads that spawn and end tasks seldom wait for each
/// other.
const LISTS: usize = if cfg!(loom_model) { 1 } else { 16 };

/// Owns tasks that may be polled and dropped on any thread. If it is dropped, it
/// [closes](SharedOwner::close).
pub struct SharedOwner<S: Schedule> {
    scheduler: Arc<S>,
    lists: [CacheAligned<Mutex<OwnedTasks>>; LISTS],
}

struct OwnedTasks {
    list: TaskList,
    closed: bool,
}

impl<S: Schedule> SharedOwner<S> {
    /// Creates an owner without tasks. Its tasks enter the run queue of this scheduler.
    pub fn new(scheduler: S) -> Self {
        let lists = [(); LISTS].map(|()| CacheAligned(Mutex::new(OwnedTasks { list: TaskList::new(), closed: false })));
        SharedOwner { scheduler: Arc::new(scheduler), lists }
    }

    /// The scheduler of its tasks.
    pub fn scheduler(&self) -> &S {
        &self.scheduler
    }

    // ANCHOR: spawn
    /// Makes a task of the future and schedules it. If the owner is closed, it returns the task as
    /// [`RefusedTask`], and the handle says that the task was cancelled.
    pub fn spawn<F>(&self, future: F) -> (JoinHandle<F::Output>, Option<RefusedTask>)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let [task, entry, joined] = TaskRef::new(future, Arc::clone(&self.scheduler));
        // SAFETY: the task is new and has no other handle. The handle gets the future's output
        // type.
        let handle = unsafe { JoinHandle::new(joined) };
        let mut tasks = self.list_of(&task);
        if tasks.closed {
            drop(tasks);
            return (handle, Some(RefusedTask(task)));
        }
        tasks.list.insert(task);
        drop(tasks);
        event::task("enqueue", entry.address());
        self.scheduler.schedule(ScheduledTask(entry));
        (handle, None)
    }
    // ANCHOR_END: spawn

    // ANCHOR: run
    /// Polls a scheduled task, or drops its future if it was cancelled. Returns whether the task
    /// has ended. The panic of a task reaches its join handle.
    ///
    /// # Panics
    ///
    /// If another owner spawned the task.
    #[inline]
    pub fn run(&self, task: ScheduledTask) -> bool {
        // SAFETY: only `spawn` makes tasks with this scheduler, and it takes only futures that are
        // `Send`. So every thread may poll and drop them.
        let Some(task) = (unsafe { run(task, &self.scheduler) }) else { return false };
        let listed = self.list_of(&task).list.remove(&task);
        drop(listed);
        true
    }
    // ANCHOR_END: run

    // ANCHOR: close
    /// Drops the futures of all tasks on this thread, and refuses new tasks. A task that another
    /// thread is polling is cancelled: that thread drops its future after the poll.
    pub fn close(&self) {
        // Close all lists first: the drop of a future may spawn a task into any of them.
        self.lists.iter().for_each(|CacheAligned(tasks)| lock(tasks).closed = true);
        for CacheAligned(tasks) in &self.lists {
            // Hold no lock while a future is dropped: its drop may wake, abort, spawn and join.
            while let Some(task) = { lock(tasks).list.pop() } {
                drop(RefusedTask(task));
            }
        }
        self.scheduler.close();
    }
    // ANCHOR_END: close

    #[cfg_attr(loom_model, expect(clippy::modulo_one, reason = "a model has one list"))]
    fn list_of(&self, task: &TaskRef) -> MutexGuard<'_, OwnedTasks> {
        // The allocator places tasks one after another, so neighbours are in different lists.
        lock(&self.lists[task.address() / 128 % LISTS].0)
    }
}

impl<S: Schedule> Drop for SharedOwner<S> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<S: Schedule> Spawner<Arc<SharedOwner<S>>> {
    /// Makes a task of the future and puts it into the run queue. The pool may have been dropped:
    /// then the future is dropped at once, and the handle reports that the task was cancelled.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future).0
    }
}

impl<S: Schedule> SpawnBoxed for Arc<SharedOwner<S>> {
    fn spawn_boxed(&self, future: FutureObj<'static, ()>) {
        drop(self.spawn(future));
    }

    fn is_closed(&self) -> bool {
        let [CacheAligned(first), ..] = &self.lists;
        lock(first).closed
    }
}

/// A task that was refused or cancelled. Its drop drops the future, whose drop may run any code. So
/// drop it without a lock and without a borrow.
pub struct RefusedTask(TaskRef);

impl Drop for RefusedTask {
    fn drop(&mut self) {
        // SAFETY: the future is `Send`, as all futures of a shared owner are. So this thread may
        // drop it.
        unsafe { shut_down(&self.0) }
    }
}

fn lock(tasks: &Mutex<OwnedTasks>) -> MutexGuard<'_, OwnedTasks> {
    tasks.lock().unwrap_or_else(PoisonError::into_inner)
}
