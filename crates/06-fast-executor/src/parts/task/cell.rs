//! A task in one allocation: the head, which is the same for all, and after it the place of the
//! future, which is the place of the output once the future is gone. What may be done with either,
//! and by whom, says the word (`state.rs`).

#![allow(unsafe_code)]

use std::{
    any::type_name,
    future::Future,
    mem::{self, ManuallyDrop},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr::NonNull,
    sync::Arc,
    task::{Context, Poll, Waker},
};

mod joining;

pub(crate) use joining::Joining;

use super::{
    JoinError, Schedule, Woken,
    state::{Completed, State, Wake},
};
use crate::{parts::event, sync::cell::UnsafeCell};

// ANCHOR: cell
/// What every task begins with. A pointer to it is a pointer to the whole task.
#[repr(C)]
pub(crate) struct Head {
    state: State,
    table: &'static Table,
    /// An `Arc<S>`. It never changes, and is dropped with the task.
    schedule: *const (),
    /// The neighbours in the list of its owner. That owner's alone.
    pub(crate) links: UnsafeCell<Links>,
    /// The waker of who awaits the handle. The handle's while the task is not complete, to write if
    /// `AWAITED` is not set and else to read; then, with `AWAITED`, that of who completed it, until
    /// it unsets that.
    joiner: UnsafeCell<Option<Waker>>,
    /// Nothing. A model sees here who uses a task that is gone.
    life: UnsafeCell<()>,
}

#[repr(C)]
struct Cell<F: Future> {
    head: Head,
    /// While the task is not complete: the future, of who has set `RUNNING`. Then the output: the
    /// handle's, or if there is none any more, that of who saw it go.
    content: UnsafeCell<Content<F, Result<F::Output, JoinError>>>,
}

#[repr(C)]
union Content<F, R> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<R>,
}
// ANCHOR_END: cell

/// The tasks before and after it in a list.
#[derive(Default)]
pub(crate) struct Links {
    pub(crate) before: Option<NonNull<Head>>,
    pub(crate) after: Option<NonNull<Head>>,
}

/// What is done differently for each kind of future and of scheduler.
struct Table {
    poll: unsafe fn(&Task, &mut Context<'_>) -> Poll<()>,
    cancel: unsafe fn(&Task),
    drop_output: unsafe fn(&Task),
    /// Moves the output to where the pointer says.
    take_output: unsafe fn(&Task, *mut ()),
    /// Hands an entry for this task to its scheduler.
    schedule: unsafe fn(&Task, Woken),
    free: unsafe fn(NonNull<Head>),
}

/// One reference to a task.
pub(crate) struct Task(NonNull<Head>);

// SAFETY: the word says which thread may touch what. The future, which may not leave its thread, is
// touched in `poll` and `cancel` only, and whoever calls these promises to be on the right one; the
// output is moved by a handle, which is `Send` only if that is. The scheduler is `Send` and `Sync`.
unsafe impl Send for Task {}
// SAFETY: as above.
unsafe impl Sync for Task {}

impl Task {
    /// A new task, with three references: for its owner's list, for its entry in the run queue, and
    /// for its handle.
    pub(crate) fn new<F, S>(future: F, schedule: Arc<S>) -> [Task; 3]
    where
        F: Future + 'static,
        S: Schedule,
    {
        let head = Head {
            state: State::new(),
            table: const {
                &Table {
                    poll: poll::<F>,
                    cancel: cancel::<F>,
                    drop_output: drop_output::<F>,
                    take_output: take_output::<F>,
                    schedule: schedule_on::<S>,
                    free: free::<F, S>,
                }
            },
            schedule: Arc::into_raw(schedule).cast(),
            links: UnsafeCell::new(Links::default()),
            joiner: UnsafeCell::new(None),
            life: UnsafeCell::new(()),
        };
        let content = UnsafeCell::new(Content { future: ManuallyDrop::new(future) });
        let task = NonNull::from(Box::leak(Box::new(Cell { head, content }))).cast();
        event::spawn(address(task), type_name::<F>());
        [Task(task), Task(task), Task(task)]
    }

    pub(crate) fn head(&self) -> &Head {
        // SAFETY: a reference keeps the task from being freed, and of the head only what is in
        // cells changes.
        let head = unsafe { self.0.as_ref() };
        head.life.with(|_| ());
        head
    }

    pub(crate) fn state(&self) -> &State {
        &self.head().state
    }

    pub(crate) fn as_raw(&self) -> NonNull<Head> {
        self.0
    }

    pub(crate) fn into_raw(self) -> NonNull<Head> {
        ManuallyDrop::new(self).0
    }

    /// # Safety
    ///
    /// The pointer came from [`Task::into_raw`], and its reference becomes this one.
    pub(crate) unsafe fn from_raw(task: NonNull<Head>) -> Self {
        Task(task)
    }

    /// Whether this is its scheduler.
    pub(crate) fn is_scheduled_by<S>(&self, schedule: &Arc<S>) -> bool {
        self.head().schedule == Arc::as_ptr(schedule).cast()
    }

    /// What the events tell it by.
    pub(crate) fn address(&self) -> usize {
        address(self.0)
    }

    // ANCHOR: wake
    /// Wakes it: if it is idle, it goes into the run queue that it belongs to.
    pub(crate) fn wake(&self) {
        self.schedule_if(self.state().wake());
    }
    // ANCHOR_END: wake

    /// Has it dropped, where it would be polled.
    pub(super) fn abort(&self) {
        self.schedule_if(self.state().cancel());
    }

    fn schedule_if(&self, wake: Wake) {
        if let Wake::Schedule = wake {
            event::task("enqueue", self.address());
            // SAFETY: the table is that of this task, whose state has counted a reference for the
            // entry. The caller's own keeps the scheduler alive until the call is over, whatever
            // becomes of the entry in there.
            unsafe { (self.head().table.schedule)(self, Woken(Task(self.0))) }
        }
    }

    /// Polls it, with a waker of its own. If it is ready, or has panicked, its future is gone and
    /// its output there.
    ///
    /// # Safety
    ///
    /// `RUNNING` is the caller's, whose thread is one on which the future may be.
    pub(crate) unsafe fn poll(&self) -> Poll<()> {
        let waker = self.lent_waker();
        // SAFETY: the caller's; and the table is that of this task.
        unsafe { (self.head().table.poll)(self, &mut Context::from_waker(&waker)) }
    }

    /// Drops its future, and puts an output in its place which says that it was cancelled.
    ///
    /// # Safety
    ///
    /// As [`Task::poll`].
    pub(crate) unsafe fn cancel(&self) {
        // SAFETY: the caller's; and the table is that of this task.
        unsafe { (self.head().table.cancel)(self) }
    }

    /// Completes it, and wakes who waits for it.
    ///
    /// # Safety
    ///
    /// `RUNNING` is the caller's, and the output is there.
    pub(crate) unsafe fn complete(&self) {
        let Head { state, table, joiner, .. } = self.head();
        let Completed { wanted, awaited } = state.complete();
        if !wanted {
            // SAFETY: there was an output and no handle, and there will be none.
            quietly(|| unsafe { (table.drop_output)(self) });
        } else if awaited {
            quietly(|| {
                // SAFETY: as `AWAITED` was set, the place is filled, and the handle reads it at
                // most, until that is unset.
                let wake = |place: *const Option<Waker>| unsafe { (*place).as_ref() }.map(Waker::wake_by_ref);
                joiner.with(wake).expect("where somebody waits there is a waker")
            });
            if state.woke_joiner() {
                // SAFETY: the handle has gone without it.
                let waker = joiner.with_mut(|place| unsafe { (*place).take() });
                quietly(|| drop(waker));
            }
        }
    }
}

impl Clone for Task {
    fn clone(&self) -> Self {
        self.state().retain();
        Task(self.0)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.state().release() {
            event::gone(self.address());
            // SAFETY: that was the last reference; and the table is that of this task.
            unsafe { (self.head().table.free)(self.0) }
        }
    }
}

/// Runs what may panic, and concerns nobody if it does: a task ends also when all that it leaves
/// panics in its drop.
#[inline]
pub(crate) fn quietly(run: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(run)) else { return };
    // Its own drop may panic as well, and with what has a drop again. Somewhere it must end: then
    // it is left where it is.
    let mut left = Some(panic);
    for _ in 0..8 {
        left = left.and_then(|panic| catch_unwind(AssertUnwindSafe(|| drop(panic))).err());
    }
    mem::forget(left);
}

fn address(task: NonNull<Head>) -> usize {
    task.addr().get()
}

/// The place of the future and of the output.
///
/// # Safety
///
/// `F` is the future of the task.
unsafe fn content<F: Future>(task: &Task) -> &UnsafeCell<Content<F, Result<F::Output, JoinError>>> {
    // SAFETY: the head is the beginning of the cell, which lives as long as the reference.
    unsafe { &(*task.0.cast::<Cell<F>>().as_ptr()).content }
}

// ANCHOR: poll
/// # Safety
///
/// [`Task::poll`], and `F` is its future.
unsafe fn poll<F: Future>(task: &Task, cx: &mut Context<'_>) -> Poll<()> {
    event::poll(task.address());
    // SAFETY: the caller's.
    let polled = unsafe { content::<F>(task) }.with_mut(|content| {
        // SAFETY: it is not complete, so here is the future; it is the caller's, and stays where it
        // is until it is dropped.
        let future = unsafe { Pin::new_unchecked(&mut *(*content).future) };
        // What it leaves behind when it panics is dropped next.
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
        Err(panic) => {
            event::polled("panic", task.address());
            Err(JoinError::panicked(panic))
        }
    };
    // SAFETY: the caller's.
    unsafe { end::<F>(task, output) };
    Poll::Ready(())
}
// ANCHOR_END: poll

/// # Safety
///
/// [`Task::cancel`], and `F` is its future.
unsafe fn cancel<F: Future>(task: &Task) {
    // SAFETY: the caller's.
    unsafe { end::<F>(task, Err(JoinError::cancelled())) }
}

/// Drops the future, where it is, and puts the output in its place.
///
/// # Safety
///
/// As [`poll`]: the future is there, and the caller's.
unsafe fn end<F: Future>(task: &Task, output: Result<F::Output, JoinError>) {
    event::task("drop", task.address());
    // SAFETY: the caller's.
    unsafe { content::<F>(task) }.with_mut(|content| {
        // SAFETY: the future is there, and is not used again.
        let drop_future = || unsafe { ManuallyDrop::drop(&mut (*content).future) };
        let output = match catch_unwind(AssertUnwindSafe(drop_future)) {
            Err(panic) => {
                // An output that nobody will see.
                quietly(|| drop(output));
                Err(JoinError::panicked(panic))
            }
            Ok(()) => output,
        };
        // SAFETY: there is room for either, and the future is gone.
        unsafe { (*content).output = ManuallyDrop::new(output) }
    });
}

/// # Safety
///
/// The task is complete, the output is there and the caller's, and `F` its future.
unsafe fn drop_output<F: Future>(task: &Task) {
    // SAFETY: the caller's.
    unsafe { content::<F>(task).with_mut(|content| ManuallyDrop::drop(&mut (*content).output)) }
}

/// # Safety
///
/// As [`drop_output`], and there is room for that output.
unsafe fn take_output<F: Future>(task: &Task, to: *mut ()) {
    // SAFETY: the caller's.
    unsafe {
        let output = content::<F>(task).with_mut(|content| ManuallyDrop::take(&mut (*content).output));
        to.cast::<Result<F::Output, JoinError>>().write(output);
    }
}

/// # Safety
///
/// `S` is the scheduler of the task, and somebody holds the task until this returns.
unsafe fn schedule_on<S: Schedule>(task: &Task, woken: Woken) {
    // SAFETY: the caller's.
    unsafe { &*task.head().schedule.cast::<S>() }.schedule(woken);
}

/// # Safety
///
/// Nobody holds the task any more, and `F` and `S` are its future and its scheduler.
unsafe fn free<F: Future, S>(task: NonNull<Head>) {
    // SAFETY: this is the box that it was made in, and the share of the scheduler that went into
    // it.
    unsafe {
        let cell = Box::from_raw(task.cast::<Cell<F>>().as_ptr());
        // A model sees here whether nobody has the task any more.
        cell.head.life.with_mut(|_| ());
        drop(Arc::from_raw(cell.head.schedule.cast::<S>()));
    }
}
