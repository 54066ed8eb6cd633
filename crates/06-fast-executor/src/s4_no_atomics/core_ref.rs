//! The executor's hold on its core. Through it the executor and its spawners make tasks, run them
//! when they are woken, and drop those that are left.

#![allow(unsafe_code)]

use std::{
    future::{Future, pending},
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    task::Waker,
};

use futures::future::{FutureObj, LocalFutureObj};

use super::{
    executor_core::ExecutorCore,
    join::JoinHandle,
    owner_word::{OwnerWord, QUEUED},
    slot::TaskSlot,
    waker,
};
use crate::parts::{
    enter::{EnterGuard, current_core, enter_with, set_current_core},
    event,
    spawner::{SpawnBoxed, SpawnLocalBoxed},
};

/// A counted reference to the core of an executor. It never leaves the thread on which the core was
/// made, the owner thread. The last one retires the core.
pub struct CoreRef(NonNull<ExecutorCore>);

// `enter.rs` stores a bit of its own in the address of a core.
const _: () = assert!(align_of::<ExecutorCore>() > 1);

/// What was taken from the queue.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Ran {
    /// A task, which was run.
    Task,
    /// The root: the caller polls it.
    Root,
    /// The queue was empty.
    Nothing,
}

impl CoreRef {
    /// Creates a core whose owner thread is this one. A wake from another thread wakes `unparker`.
    pub(super) fn new(unparker: Waker) -> Self {
        let core_ref = CoreRef(NonNull::from(Box::leak(Box::new(ExecutorCore::new(unparker)))));
        let core = core_ref.core();
        core.root.set(Some(core.make(|_| OwnerWord::detached(), pending::<()>())));
        core_ref
    }

    #[inline]
    fn core(&self) -> &ExecutorCore {
        // SAFETY: this reference is counted, so the core is alive.
        unsafe { self.0.as_ref() }
    }

    /// Makes a task of the future and puts it into the queue. If the core is closed, the future is
    /// dropped at once, and the handle says that the task was cancelled.
    #[inline]
    pub(super) fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.core().spawn(future)
    }

    /// The waker of the root. After a wake, [`run_next`](CoreRef::run_next) returns [`Ran::Root`]
    /// once.
    #[inline]
    pub(super) fn root_waker(&self) -> impl Deref<Target = Waker> {
        // SAFETY: `new` has set the root, and nothing unsets it.
        waker::lent_waker(unsafe { self.core().root.get().unwrap_unchecked() })
    }

    // ANCHOR: run
    /// Runs the next task in the queue. Not called while a task of this core is polled.
    ///
    /// Always inlined: a call would cost a tenth of a yield.
    #[inline(always)]
    pub(super) fn run_next(&self) -> Ran {
        let core = self.core();
        let Some(task) = core.queue.pop().or_else(|| self.next_remote()) else { return Ran::Nothing };
        if core.is_root(task) {
            let _ = task.header().owner_word.start();
            return Ran::Root;
        }
        event::task("dequeue", task.address());
        // SAFETY: this is the owner thread, and it polls no other task of this core: `enter` allows
        // one executor at a time on a thread.
        unsafe { task.run() }
        Ran::Task
    }

    fn next_remote(&self) -> Option<TaskSlot> {
        self.take_remote_wakes();
        self.core().queue.pop()
    }

    /// Queues the tasks that other threads have woken.
    #[inline]
    pub(super) fn take_remote_wakes(&self) {
        self.core().take_remote_wakes();
    }
    // ANCHOR_END: run

    /// The number of tasks in the queue, without the root.
    pub(super) fn queue_len(&self) -> usize {
        self.take_remote_wakes();
        self.core().queue.count(|task| !self.core().is_root(task))
    }

    // ANCHOR: close
    /// Drops the futures of all tasks, and of all tasks that are spawned later. Their handles say
    /// that they were cancelled. Not called while a task of this core is polled.
    pub(super) fn close(&self) {
        let core = self.core();
        core.closed.set(true);
        // Nothing is borrowed while a future is dropped: its drop may run any code.
        // SAFETY: this is the owner thread, and no task of this core is being polled.
        core.slab.each(|task| unsafe { task.shut_down() });
        // All tasks have ended. The entries of both queues still keep their slots.
        core.remote.woken.close().into_iter().for_each(|task| core.answer(task));
        while let Some(task) = core.queue.pop() {
            task.release(QUEUED);
        }
    }
    // ANCHOR_END: close

    /// Marks that this thread runs this executor. Until the guard is dropped,
    /// [`with_current_core`] finds this core.
    ///
    /// # Panics
    ///
    /// If the thread already runs an executor.
    #[inline]
    #[track_caller]
    pub(super) fn enter(&self) -> CoreGuard<'_> {
        CoreGuard { _entered: enter_with(self.0.as_ptr().cast_const().cast()), core: PhantomData }
    }

    /// Makes this core the current one, until the guard is dropped.
    pub(super) fn make_current(&self) -> CoreGuard<'_> {
        CoreGuard { _entered: set_current_core(self.0.as_ptr().cast_const().cast()), core: PhantomData }
    }
}

impl SpawnBoxed for CoreRef {
    fn spawn_boxed(&self, future: FutureObj<'static, ()>) {
        drop(self.spawn(future));
    }

    fn is_closed(&self) -> bool {
        self.core().closed.get()
    }
}

impl SpawnLocalBoxed for CoreRef {
    fn spawn_local_boxed(&self, future: LocalFutureObj<'static, ()>) {
        drop(self.spawn(future));
    }
}

impl Clone for CoreRef {
    fn clone(&self) -> Self {
        self.core().core_refs.set(self.core().core_refs.get() + 1);
        CoreRef(self.0)
    }
}

impl Drop for CoreRef {
    fn drop(&mut self) {
        let core_refs = &self.core().core_refs;
        core_refs.set(core_refs.get() - 1);
        if core_refs.get() == 0 {
            // SAFETY: this was the last reference, and it never left the owner thread.
            unsafe { ExecutorCore::retire(self.0) }
        }
    }
}

/// Guard: [`with_current_core`] finds a core, which is borrowed meanwhile.
pub(super) struct CoreGuard<'a> {
    _entered: EnterGuard,
    core: PhantomData<&'a CoreRef>,
}

/// Calls `act` with the current core, if there is one.
#[inline]
pub(super) fn with_current_core<R>(act: impl FnOnce(&CoreRef) -> R) -> Option<R> {
    let core = NonNull::new(current_core().cast_mut())?.cast();
    // A `CoreGuard` borrows a counted reference. `ManuallyDrop` keeps its count as it is.
    Some(act(&ManuallyDrop::new(CoreRef(core))))
}
