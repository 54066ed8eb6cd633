//! The owner of the tasks of one thread. It makes them, runs them when they are woken, and drops
//! those that are left. It never leaves its thread, so its futures need not be `Send`; their wakers
//! and handles may go anywhere.

#![allow(unsafe_code)]

use std::{
    cell::{Cell, RefCell},
    future::Future,
    marker::PhantomData,
    rc::Rc,
    sync::Arc,
};

use futures::future::{FutureObj, LocalFutureObj};

use super::scheduler::ThreadScheduler;
use crate::parts::{
    event,
    list::TaskList,
    spawner::{SpawnBoxed, SpawnLocalBoxed, Spawner},
    task::{JoinHandle, Schedule, ScheduledTask, TaskRef, run, shut_down},
};

/// Owns tasks that live on its thread. If it is dropped, it [closes](LocalOwner::close).
pub struct LocalOwner {
    scheduler: Arc<ThreadScheduler>,
    tasks: RefCell<TaskList>,
    closed: Cell<bool>,
    on_its_thread: PhantomData<*const ()>,
}

impl LocalOwner {
    /// Creates an owner without tasks. Its tasks enter the run queue of this scheduler.
    pub fn new(scheduler: ThreadScheduler) -> Self {
        LocalOwner {
            scheduler: Arc::new(scheduler),
            tasks: RefCell::new(TaskList::new()),
            closed: Cell::new(false),
            on_its_thread: PhantomData,
        }
    }

    /// The scheduler of its tasks.
    pub fn scheduler(&self) -> &ThreadScheduler {
        &self.scheduler
    }

    // ANCHOR: spawn
    /// Makes a task of the future and schedules it. If the owner is closed, the future is dropped
    /// at once, and the handle says that the task was cancelled.
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let [task, entry, joined] = TaskRef::new(future, Arc::clone(&self.scheduler));
        if self.closed.get() {
            // SAFETY: the owner never leaves its thread, so the future was passed on this thread.
            // It may be dropped here.
            unsafe { shut_down(&task) }
        } else {
            self.tasks.borrow_mut().insert(task);
            event::task("enqueue", entry.address());
            self.scheduler.schedule(ScheduledTask(entry));
        }
        // SAFETY: the task is new and has no other handle. The handle gets the future's output
        // type.
        unsafe { JoinHandle::new(joined) }
    }
    // ANCHOR_END: spawn

    // ANCHOR: run
    /// Polls a scheduled task, or drops its future if it was cancelled. The panic of a task reaches
    /// its join handle.
    ///
    /// # Panics
    ///
    /// If another owner spawned the task.
    pub fn run(&self, task: ScheduledTask) {
        // SAFETY: only this owner has its scheduler, and it never leaves its thread. So a task with
        // that scheduler was spawned on this thread.
        let Some(task) = (unsafe { run(task, &self.scheduler) }) else { return };
        let listed = self.tasks.borrow_mut().remove(&task);
        drop(listed);
    }
    // ANCHOR_END: run

    // ANCHOR: close
    /// Drops the futures of all tasks, and of all tasks that are spawned later. Their handles say
    /// that they were cancelled.
    pub fn close(&self) {
        self.closed.set(true);
        // The list is not borrowed while a future is dropped: its drop may wake, abort, spawn and
        // join.
        while let Some(task) = self.pop() {
            // SAFETY: the task was spawned on this thread, so its future may be dropped here.
            unsafe { shut_down(&task) }
        }
        self.scheduler.close();
    }

    fn pop(&self) -> Option<TaskRef> {
        self.tasks.borrow_mut().pop()
    }
    // ANCHOR_END: close
}

impl Drop for LocalOwner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Spawner<Rc<LocalOwner>> {
    /// Makes a task of the future and puts it into the run queue. If the executor was dropped, the
    /// future is dropped at once, and the handle reports that the task was cancelled.
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future)
    }
}

impl SpawnBoxed for Rc<LocalOwner> {
    fn spawn_boxed(&self, future: FutureObj<'static, ()>) {
        drop(self.spawn(future));
    }

    fn is_closed(&self) -> bool {
        self.closed.get()
    }
}

impl SpawnLocalBoxed for Rc<LocalOwner> {
    fn spawn_local_boxed(&self, future: LocalFutureObj<'static, ()>) {
        drop(self.spawn(future));
    }
}
