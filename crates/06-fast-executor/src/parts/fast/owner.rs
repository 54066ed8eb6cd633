//! Who owns the tasks of one thread: it makes them, runs them when they are woken, and drops those
//! that are left.

#![allow(unsafe_code)]

use std::{
    future::{Future, pending},
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    task::Waker,
};

use super::{
    join::JoinHandle,
    shared::Shared,
    slot::Slot,
    waker,
    words::{Own, QUEUED},
};
use crate::parts::{
    enter::{Entered, enter_as, owner, spawn_on},
    event,
};

/// An owner of the tasks of its thread, which it never leaves. A clone of it owns the same tasks.
pub(crate) struct Owner(NonNull<Shared>);

// `enter.rs` keeps a bit of its own in the address of what is owned.
const _: () = assert!(align_of::<Shared>() > 1);

/// What was run.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Ran {
    /// A task.
    Task,
    /// The future that the executor blocks on is to be polled.
    Root,
    /// Nobody was woken.
    Nobody,
}

impl Owner {
    /// The owner of tasks on this thread. When others wake one, they unpark.
    pub(crate) fn new(unparker: Waker) -> Self {
        let owner = Owner(NonNull::from(Box::leak(Box::new(Shared::new(unparker)))));
        owner.shared().root.set(Some(owner.shared().make(|_| Own::detached(), pending::<()>())));
        owner
    }

    #[inline]
    fn shared(&self) -> &Shared {
        // SAFETY: it lives as long as an owner. This is its thread, which an owner never leaves.
        unsafe { self.0.as_ref() }
    }

    /// Makes a task of the future, and puts it into the queue. If this is closed, the future is
    /// dropped at once, and its handle says that it was cancelled.
    #[inline]
    pub(crate) fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.shared().spawn(future)
    }

    /// A waker of the future that the executor blocks on. Woken, [`run_next`](Owner::run_next)
    /// gives [`Ran::Root`] once.
    #[inline]
    pub(crate) fn root(&self) -> impl Deref<Target = Waker> {
        // SAFETY: `new` has set it, and nobody takes it away.
        waker::lent_untold(unsafe { self.shared().root.get().unwrap_unchecked() })
    }

    // ANCHOR: run
    /// Runs the next in the queue. To be called in no poll of one of its tasks.
    #[inline]
    pub(crate) fn run_next(&self) -> Ran {
        let shared = self.shared();
        let Some(task) = shared.queue.pop().or_else(|| self.next_of_others()) else { return Ran::Nobody };
        if shared.is_root(task) {
            let _ = task.head().own.start();
            return Ran::Root;
        }
        event::task("dequeue", task.address());
        // SAFETY: this is its thread, and none of its tasks is being polled.
        unsafe { task.run() }
        Ran::Task
    }

    fn next_of_others(&self) -> Option<Slot> {
        self.drain();
        self.shared().queue.pop()
    }

    /// Lets in whom other threads have woken, however many are in the queue.
    #[inline]
    pub(crate) fn drain(&self) {
        self.shared().drain();
    }
    // ANCHOR_END: run

    /// How many tasks are in the queue, the root not counted.
    pub(crate) fn queue_len(&self) -> usize {
        self.drain();
        self.shared().queue.count(|task| !self.shared().is_root(task))
    }

    // ANCHOR: close
    /// Drops the futures of all tasks, and of all that are still to be spawned. Their handles say
    /// that they were cancelled. To be called in no poll of one of its tasks.
    pub(crate) fn close(&self) {
        let shared = self.shared();
        shared.closed.set(true);
        // Whatever a future does when it is dropped, it may do it: nothing is borrowed.
        // SAFETY: this is its thread, and none of its tasks is being polled.
        shared.slab.each(|task| unsafe { task.shut_down() });
        // Those that are left are over.
        shared.others.woken.close().into_iter().for_each(|task| shared.answer(task));
        while let Some(task) = shared.queue.pop() {
            task.release(QUEUED);
        }
    }

    /// Whether what is spawned is dropped at once.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared().closed.get()
    }
    // ANCHOR_END: close

    /// Says that this thread runs this one's tasks, while what comes back is there:
    /// [`with_current`] finds it.
    ///
    /// # Panics
    ///
    /// If the thread runs an executor already.
    #[inline]
    #[track_caller]
    pub(crate) fn enter(&self) -> Current<'_> {
        Current { _entered: enter_as(self.0.as_ptr().cast_const().cast()), owner: PhantomData }
    }

    /// Has [`with_current`] find this one, while what comes back is there.
    pub(crate) fn make_current(&self) -> Current<'_> {
        Current { _entered: spawn_on(self.0.as_ptr().cast_const().cast()), owner: PhantomData }
    }
}

impl Clone for Owner {
    fn clone(&self) -> Self {
        self.shared().owners.set(self.shared().owners.get() + 1);
        Owner(self.0)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let owners = &self.shared().owners;
        owners.set(owners.get() - 1);
        if owners.get() == 0 {
            // SAFETY: that was the last one, and it never leaves its thread.
            unsafe { Shared::retire(self.0) }
        }
    }
}

/// While it is there, this thread spawns on an owner.
pub(crate) struct Current<'a> {
    _entered: Entered,
    owner: PhantomData<&'a Owner>,
}

/// Does something with the owner that is current, if one is.
#[inline]
pub(crate) fn with_current<R>(act: impl FnOnce(&Owner) -> R) -> Option<R> {
    let shared = NonNull::new(owner().cast_mut())?.cast();
    // That of somebody who borrows it, to be given back to nobody.
    Some(act(&ManuallyDrop::new(Owner(shared))))
}
