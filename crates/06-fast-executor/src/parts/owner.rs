//! Who owns tasks: it makes them, runs them when they are woken, and drops those that are left, all
//! on the thread that it was made on and never leaves. So their futures need not be `Send`, while
//! their wakers and handles may go anywhere.

#![allow(unsafe_code)]

use std::{
    cell::{Cell, RefCell},
    future::Future,
    marker::PhantomData,
    mem,
    sync::Arc,
};

use list::List;

use super::{
    event,
    task::{JoinHandle, Joining, Pending, Schedule, Start, Task, Woken},
};

pub(super) mod list;

/// The owner of tasks that live on its thread. Dropped, it [closes](Owner::close).
pub struct Owner<S: Schedule> {
    schedule: Arc<S>,
    tasks: RefCell<List>,
    closed: Cell<bool>,
    on_its_thread: PhantomData<*const ()>,
}

impl<S: Schedule> Owner<S> {
    /// Without any task. Whichever of its tasks is woken goes to this scheduler.
    pub fn new(schedule: S) -> Self {
        Owner {
            schedule: Arc::new(schedule),
            tasks: RefCell::new(List::new()),
            closed: Cell::new(false),
            on_its_thread: PhantomData,
        }
    }

    /// Where its tasks go when they are woken.
    pub fn scheduler(&self) -> &S {
        &self.schedule
    }

    // ANCHOR: spawn
    /// Makes a task of the future, and schedules it. If this is closed, the future is dropped at
    /// once, and its handle says that it was cancelled.
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let [task, entry, joined] = Task::new(future, Arc::clone(&self.schedule));
        if self.closed.get() {
            // SAFETY: this is the thread on which it was spawned.
            unsafe { shut_down(&task) }
        } else {
            self.tasks.borrow_mut().insert(task);
            event::task("enqueue", entry.address());
            self.schedule.schedule(Woken(entry));
        }
        // SAFETY: this reference is for the handle, and the output is that of the future.
        JoinHandle::new(unsafe { Joining::new(joined) })
    }
    // ANCHOR_END: spawn

    // ANCHOR: run
    /// Polls a task that was woken. What comes of a panic in there is its join handle's.
    ///
    /// # Panics
    ///
    /// If it is somebody else's task.
    pub fn run(&self, Woken(task): Woken) {
        assert!(task.is_scheduled_by(&self.schedule), "a task must be run by its owner");
        // SAFETY: the task has this scheduler, so it was spawned here, and this is its thread
        // still.
        let Some(task) = (unsafe { run(task, |woken| self.schedule.schedule(woken)) }) else { return };
        let listed = self.tasks.borrow_mut().remove(&task);
        drop(listed);
    }
    // ANCHOR_END: run

    // ANCHOR: close
    /// Drops the futures of all tasks, and of all that are still to be spawned. Their handles say
    /// that they were cancelled.
    pub fn close(&self) {
        self.closed.set(true);
        // One after the other, and without a borrow: whatever a future does when it is dropped, it
        // may do it.
        while let Some(task) = self.first() {
            // SAFETY: this is the thread on which it was spawned.
            unsafe { shut_down(&task) }
        }
        self.schedule.close();
    }

    /// Whether what is spawned is dropped at once.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    fn first(&self) -> Option<Task> {
        self.tasks.borrow_mut().pop()
    }
    // ANCHOR_END: close
}

impl<S: Schedule> Drop for Owner<S> {
    fn drop(&mut self) {
        self.close();
    }
}

// ANCHOR: poll
/// Polls a task that was woken; `Some` if it has ended by that. If it was woken meanwhile, it is
/// scheduled again.
///
/// # Safety
///
/// Its future may be polled and dropped on this thread.
#[inline]
pub(super) unsafe fn run(task: Task, again: impl FnOnce(Woken)) -> Option<Task> {
    event::task("dequeue", task.address());
    match task.state().start() {
        Start::Over => return None,
        // SAFETY: `RUNNING` is ours, and the thread is one for it.
        Start::Cancel => unsafe { task.cancel() },
        // SAFETY: as above.
        Start::Poll => match unsafe { task.poll() }.is_pending().then(|| task.state().pending()) {
            None => {}
            Some(Pending::Idle) => {
                mem::forget(task);
                return None;
            }
            Some(Pending::Again) => {
                event::task("enqueue", task.address());
                again(Woken(task));
                return None;
            }
            // SAFETY: as above.
            Some(Pending::Cancel) => unsafe { task.cancel() },
        },
    }
    // SAFETY: `RUNNING` is still ours, and the output is there.
    unsafe { task.complete() }
    Some(task)
}
// ANCHOR_END: poll

/// Drops the future of a task and completes it; if it is being polled at this moment, the end of
/// that poll does so.
///
/// # Safety
///
/// Its future may be dropped on this thread.
pub(super) unsafe fn shut_down(task: &Task) {
    if task.state().shut_down() {
        // SAFETY: `RUNNING` is ours, and the thread is one for it.
        unsafe {
            task.cancel();
            task.complete();
        }
    }
}
