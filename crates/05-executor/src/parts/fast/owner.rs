//! Who owns the tasks of one thread: it makes them, runs them when they are woken, and drops those that are left. What its tasks
//! and their wakers need of it lives as long as any of them, also on other threads.

#![allow(unsafe_code)]

use std::{
    cell::Cell,
    future::{Future, pending},
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::Deref,
    ptr::NonNull,
    sync::atomic::Ordering::AcqRel,
    task::Waker,
};

use super::{
    join::JoinHandle,
    queue::Queue,
    returned::{Closed, Returned},
    slab::Slab,
    slot::{self, Slot},
    waker,
    woken::{Pushed, Woken},
    words::{Answer, Own, QUEUED},
};
use crate::{
    parts::event,
    sync::{AtomicUsize, cell::UnsafeCell, this_thread},
};

// ANCHOR: shared
/// What the tasks have in common. The first part is the owner's thread's alone, but for `thread`, which never changes.
pub(super) struct Shared {
    /// The number of the owner's thread.
    thread: u64,
    slab: Slab,
    queue: Queue,
    /// The future of who blocks is a task like others, whose future stands elsewhere.
    root: Cell<Option<Slot>>,
    closed: Cell<bool>,
    /// How many `Owner`s there are.
    owners: Cell<usize>,
    /// Nobody owns this any more: it goes with the last slot.
    retired: Cell<bool>,
    /// What the woken are taken in.
    taken: Cell<Vec<Slot>>,
    unparker: UnsafeCell<Waker>,
    others: Apart,
}

/// What other threads write: on cache lines of its own.
#[repr(align(128))]
struct Apart {
    /// Tasks that other threads have woken. Each entry has a reference.
    woken: Woken,
    /// Slots whose last reference was dropped by other threads, until the slab has none left. Closed when the last owner goes.
    returned: Returned,
    /// How many slots there are still, once the last owner has gone; until then, minus how many have gone since it closed
    /// `returned`, and with it [`OWNED`].
    slots: AtomicUsize,
}
// ANCHOR_END: shared

/// More than there are slots.
const OWNED: usize = usize::MAX / 2;

/// An owner of the tasks of its thread, which it never leaves. A clone of it owns the same tasks.
pub(crate) struct Owner(NonNull<Shared>);

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

impl Shared {
    /// Whether this is the owner's thread.
    #[inline]
    pub(super) fn is_here(&self) -> bool {
        this_thread::number() == self.thread
    }

    /// A task goes into the queue, whose `QUEUED` is set. On the owner's thread.
    #[inline]
    pub(super) fn push(&self, task: Slot) {
        if !self.is_root(task) {
            event::task("enqueue", task.address());
        }
        self.queue.push(task);
    }

    // ANCHOR: push_woken
    /// A task was woken by another thread, where the caller has a reference, besides that of this entry.
    pub(super) fn push_woken(&self, task: Slot) {
        match self.others.woken.push(task) {
            // SAFETY: it is written when this is freed, and the caller's task keeps it.
            Pushed::First => self.unparker.with(|unparker| unsafe { (*unparker).wake_by_ref() }),
            Pushed::Behind => {}
            Pushed::Closed => {
                let last = task.head().others.give_back();
                debug_assert!(!last, "the caller has a reference");
            }
        }
    }
    // ANCHOR_END: push_woken

    // ANCHOR: drain
    /// Puts those that others have woken into the queue. On the owner's thread.
    #[inline]
    fn drain(&self) {
        if !self.others.woken.is_empty() {
            let mut taken = self.taken.take();
            self.others.woken.take(&mut taken);
            taken.drain(..).for_each(|task| self.answer(task));
            self.taken.set(taken);
        }
    }

    fn answer(&self, task: Slot) {
        let own = &task.head().own;
        match task.head().others.answer() {
            Answer::Over => {}
            Answer::Free => task.free(),
            Answer::Wake if own.wake() => self.push(task),
            Answer::Abort if own.abort() => self.push(task),
            Answer::Wake | Answer::Abort => {}
        }
    }
    // ANCHOR_END: drain

    // ANCHOR: retire
    /// The last owner goes.
    ///
    /// # Safety
    ///
    /// It was, and it is its thread.
    unsafe fn retire(this: NonNull<Shared>) {
        // SAFETY: it is there until the last slot is gone, too.
        let shared = unsafe { this.as_ref() };
        shared.retired.set(true);
        shared.others.returned.close().for_each(|slot| shared.slab.give(slot));
        let mut slots = 0_usize;
        shared.slab.each(|_| slots += 1);
        // Some of these may have gone since the stack was closed.
        let change = slots.wrapping_sub(OWNED);
        if shared.others.slots.fetch_add(change, AcqRel).wrapping_add(change) == 0 {
            // SAFETY: there is no slot, and no owner.
            unsafe { Self::delete(this) }
        }
    }

    /// The last owner has gone, and now a slot.
    ///
    /// # Safety
    ///
    /// The slot was the caller's, and is not used any more.
    unsafe fn one_less(this: NonNull<Shared>) {
        // SAFETY: until this step, the slot keeps it.
        if unsafe { this.as_ref() }.others.slots.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: that was the last slot, and there is no owner.
            unsafe { Self::delete(this) }
        }
    }
    // ANCHOR_END: retire

    /// # Safety
    ///
    /// There is neither an owner nor a slot.
    unsafe fn delete(this: NonNull<Shared>) {
        // SAFETY: it was made so; and who else has used it, has done so before it gave up its slot.
        let shared = unsafe { Box::from_raw(this.as_ptr()) };
        // A model sees here whether that is so.
        shared.unparker.with_mut(|_| ());
    }

    #[inline]
    fn is_root(&self, task: Slot) -> bool {
        self.root.get() == Some(task)
    }

    /// On the owner's thread.
    #[inline]
    fn make<F: Future>(&self, own: fn(bool) -> Own, future: F) -> Slot {
        let slot = self.slab.take().unwrap_or_else(|| self.more());
        // SAFETY: it comes from the slab, and this is its thread.
        unsafe { Slot::fill(slot, own, future) }
    }

    /// There is no slot left: those that others have returned, or new ones.
    #[cold]
    fn more(&self) -> NonNull<slot::Head> {
        self.others.returned.take().for_each(|slot| self.slab.give(slot));
        self.slab.take().unwrap_or_else(|| self.slab.take_fresh(NonNull::from(self)))
    }

    // ANCHOR: spawn
    #[inline]
    fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let task = self.make(Own::new, future);
        slot::tell::<F>(task);
        if self.closed.get() {
            // SAFETY: it is new, and this is its thread.
            unsafe { task.shut_down() }
            task.release(QUEUED);
        } else {
            self.queue.push(task);
        }
        // SAFETY: it has a handle, and its output is that of the future.
        unsafe { JoinHandle::new(task) }
    }
    // ANCHOR_END: spawn
}

impl Slot {
    // ANCHOR: free
    /// Nobody has the task any more. On the owner's thread.
    #[inline]
    pub(super) fn free(self) {
        event::gone(self.address());
        let shared = self.shared();
        if shared.retired.get() {
            // SAFETY: the slot is the caller's.
            unsafe { Shared::one_less(NonNull::from(shared)) }
        } else {
            shared.slab.give(self);
        }
    }

    /// The same on another thread.
    pub(super) fn free_from_elsewhere(self) {
        event::gone(self.address());
        let shared = self.shared();
        // Then it is the owner's, and so is all of that.
        if let Err(Closed) = shared.others.returned.push(self) {
            // SAFETY: the slot is the caller's.
            unsafe { Shared::one_less(NonNull::from(shared)) }
        }
    }
    // ANCHOR_END: free
}

impl Owner {
    /// The owner of tasks on this thread. When others wake one, they unpark.
    pub(crate) fn new(unparker: Waker) -> Self {
        let shared = Shared {
            thread: this_thread::number(),
            slab: Slab::new(),
            queue: Queue::default(),
            root: Cell::new(None),
            closed: Cell::new(false),
            owners: Cell::new(1),
            retired: Cell::new(false),
            taken: Cell::default(),
            unparker: UnsafeCell::new(unparker),
            others: Apart { woken: Woken::new(), returned: Returned::new(), slots: AtomicUsize::new(OWNED) },
        };
        let owner = Owner(NonNull::from(Box::leak(Box::new(shared))));
        owner.shared().root.set(Some(owner.shared().make(|_| Own::detached(), pending::<()>())));
        owner
    }

    #[inline]
    fn shared(&self) -> &Shared {
        // SAFETY: it lives as long as an owner. This is its thread, which an owner never leaves.
        unsafe { self.0.as_ref() }
    }

    /// Makes a task of the future, and puts it into the queue. If this is closed, the future is dropped at once, and its handle says
    /// that it was cancelled.
    #[inline]
    pub(crate) fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.shared().spawn(future)
    }

    /// A waker of the future that the executor blocks on. Woken, [`run_next`](Owner::run_next) gives [`Ran::Root`] once.
    #[inline]
    pub(crate) fn root(&self) -> impl Deref<Target = Waker> {
        waker::lent_untold(self.shared().root.get().expect("there is one from the beginning"))
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
    /// Drops the futures of all tasks, and of all that are still to be spawned. Their handles say that they were cancelled. To be
    /// called in no poll of one of its tasks.
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

    /// Has [`with_current`] find this one, while what comes back is there.
    #[inline]
    pub(crate) fn make_current(&self) -> Current<'_> {
        Current { outer: CURRENT.replace(Some(self.0)), owner: PhantomData }
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

thread_local! {
    /// That of the executor that this thread runs. There is nothing to drop in it, so it is there to the thread's very end.
    static CURRENT: Cell<Option<NonNull<Shared>>> = const { Cell::new(None) };
}

/// While it is there, an owner is current. Then it is the one of before again, if there was one.
pub(crate) struct Current<'a> {
    outer: Option<NonNull<Shared>>,
    owner: PhantomData<&'a Owner>,
}

impl Drop for Current<'_> {
    #[inline]
    fn drop(&mut self) {
        /// Not inlined, so that what is nearly always written is a constant, and waits for no read.
        #[cold]
        #[inline(never)]
        fn put_back(outer: NonNull<Shared>) {
            CURRENT.set(Some(outer));
        }
        match self.outer {
            None => CURRENT.set(None),
            Some(outer) => put_back(outer),
        }
    }
}

/// Does something with the owner that is current, if one is.
#[inline]
pub(crate) fn with_current<R>(act: impl FnOnce(&Owner) -> R) -> Option<R> {
    // That of somebody who borrows it, to be given back to nobody.
    CURRENT.get().map(|shared| act(&ManuallyDrop::new(Owner(shared))))
}
