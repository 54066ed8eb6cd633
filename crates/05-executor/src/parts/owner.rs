//! Who owns tasks: it makes them, runs them when they are woken, and drops those that are left, all on the thread that it was
//! made on and never leaves. So their futures need not be `Send`, while their wakers and handles may go anywhere.

#![allow(unsafe_code)]

use std::{
    cell::{Cell, RefCell},
    future::Future,
    marker::PhantomData,
    mem::{self, ManuallyDrop},
    ptr::NonNull,
    sync::Arc,
};

use super::{
    event,
    task::{
        JoinHandle, Joining, Pending, Schedule, Start, Task, Woken,
        cell::{Head, Links},
    },
};

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
            tasks: RefCell::new(List { first: None }),
            closed: Cell::new(false),
            on_its_thread: PhantomData,
        }
    }

    /// Where its tasks go when they are woken.
    pub fn scheduler(&self) -> &S {
        &self.schedule
    }

    // ANCHOR: spawn
    /// Makes a task of the future, and schedules it. If this is closed, the future is dropped at once, and its handle says
    /// that it was cancelled.
    pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let [task, entry, joined] = Task::new(future, Arc::clone(&self.schedule));
        if self.closed.get() {
            self.shut_down(&task);
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
        event::task("dequeue", task.address());
        match task.state().start() {
            Start::Over => return,
            // SAFETY: `RUNNING` is ours. The task has this scheduler, so it was spawned here, and this is its thread still.
            Start::Cancel => unsafe { task.cancel() },
            // SAFETY: as above.
            Start::Poll => match unsafe { task.poll() }.is_pending().then(|| task.state().pending()) {
                None => {}
                Some(Pending::Idle) => return mem::forget(task),
                Some(Pending::Again) => {
                    event::task("enqueue", task.address());
                    return self.schedule.schedule(Woken(task));
                }
                // SAFETY: as above.
                Some(Pending::Cancel) => unsafe { task.cancel() },
            },
        }
        // SAFETY: `RUNNING` is still ours, and the output is there.
        unsafe { task.complete() }
        let listed = self.tasks.borrow_mut().remove(&task);
        drop(listed);
    }
    // ANCHOR_END: run

    // ANCHOR: close
    /// Drops the futures of all tasks, and of all that are still to be spawned. Their handles say that they were cancelled.
    pub fn close(&self) {
        self.closed.set(true);
        // One after the other, and without a borrow: whatever a future does when it is dropped, it may do it.
        while let Some(task) = self.first() {
            self.shut_down(&task);
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

    fn shut_down(&self, task: &Task) {
        if task.state().shut_down() {
            // SAFETY: `RUNNING` is ours, and this is the thread on which it was spawned.
            unsafe {
                task.cancel();
                task.complete();
            }
        }
    }
    // ANCHOR_END: close
}

impl<S: Schedule> Drop for Owner<S> {
    fn drop(&mut self) {
        self.close();
    }
}

/// A list of tasks, whose links are in the tasks: to be in it costs no memory of its own, and to leave it no search.
struct List {
    first: Option<NonNull<Head>>,
}

impl List {
    /// Adds a task, which is in no list, at the front.
    fn insert(&mut self, task: Task) {
        let task = task.into_raw();
        let second = self.first.replace(task);
        if let Some(second) = second {
            with(second, |links| links.before = Some(task));
        }
        // Who is in front has itself before it: so none without anybody before it is in a list.
        with(task, |links| *links = Links { before: Some(task), after: second });
    }

    /// Takes a task out, if it is in here.
    fn remove(&mut self, task: &Task) -> Option<Task> {
        let task = task.as_raw();
        let Links { before, after } = with(task, mem::take);
        let before = before?;
        let in_front = before == task;
        match in_front {
            true => self.first = after,
            false => with(before, |links| links.after = after),
        }
        if let Some(after) = after {
            with(after, |links| links.before = Some(if in_front { after } else { before }));
        }
        // SAFETY: it was in the list, and so was its reference.
        Some(unsafe { Task::from_raw(task) })
    }

    /// Takes the one in front out.
    fn pop(&mut self) -> Option<Task> {
        // SAFETY: it is in the list; this reference is that of the list, and is not given back here.
        let first = ManuallyDrop::new(unsafe { Task::from_raw(self.first?) });
        self.remove(&first)
    }
}

/// Reads and writes the links of a task that is in the list, comes into it, or has left it.
fn with<R>(task: NonNull<Head>, change: impl FnOnce(&mut Links) -> R) -> R {
    // SAFETY: it has a reference, in the list or with the caller; and its links are touched here alone, by its one owner.
    unsafe { task.as_ref() }.links.with_mut(|links| change(unsafe { &mut *links }))
}
