//! What the tasks of one thread, their wakers and their owner have in common. It lives as long as
//! any of them, also on other threads, and the last one frees it.

#![allow(unsafe_code)]

use std::{cell::Cell, future::Future, ptr::NonNull, sync::atomic::Ordering::AcqRel, task::Waker};

use super::{
    join::JoinHandle,
    queue::Queue,
    returned::{Closed, Returned},
    slab::{self, Slab},
    slot::{self, Slot},
    woken::{Pushed, Woken},
    words::{Answer, Own, QUEUED},
};
use crate::{
    parts::event,
    sync::{AtomicUsize, cell::UnsafeCell, this_thread},
};

// ANCHOR: shared
/// What the tasks have in common. The first part is the owner's thread's alone, but for `thread`,
/// which never changes.
pub(super) struct Shared {
    /// The number of the owner's thread.
    thread: u64,
    pub(super) slab: Slab,
    pub(super) queue: Queue,
    /// The future of who blocks is a task like others, whose future stands elsewhere.
    pub(super) root: Cell<Option<Slot>>,
    pub(super) closed: Cell<bool>,
    /// How many `Owner`s there are.
    pub(super) owners: Cell<usize>,
    /// Nobody owns this any more: it goes with the last slot.
    retired: Cell<bool>,
    /// What the woken are taken in.
    taken: Cell<Vec<Slot>>,
    unparker: UnsafeCell<Waker>,
    pub(super) others: Apart,
}

/// What other threads write: on cache lines of its own.
#[repr(align(128))]
pub(super) struct Apart {
    /// Tasks that other threads have woken. Each entry has a reference.
    pub(super) woken: Woken,
    /// Slots whose last reference was dropped by other threads, until the slab has none left.
    /// Closed when the last owner goes.
    returned: Returned,
    /// How many slots there are still, once the last owner has gone; until then, minus how many
    /// have gone since it closed `returned`, and with it [`OWNED`].
    slots: AtomicUsize,
}
// ANCHOR_END: shared

/// More than there are slots.
const OWNED: usize = usize::MAX / 2;

impl Shared {
    /// Of an owner on this thread, without any task.
    pub(super) fn new(unparker: Waker) -> Self {
        Shared {
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
        }
    }

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
    /// A task was woken by another thread, where the caller has a reference, besides that of this
    /// entry.
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
    pub(super) fn drain(&self) {
        if !self.others.woken.is_empty() {
            let mut taken = self.taken.take();
            self.others.woken.take(&mut taken);
            taken.drain(..).for_each(|task| self.answer(task));
            self.taken.set(taken);
        }
    }

    pub(super) fn answer(&self, task: Slot) {
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
    pub(super) unsafe fn retire(this: NonNull<Shared>) {
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
    pub(super) fn is_root(&self, task: Slot) -> bool {
        self.root.get() == Some(task)
    }

    /// On the owner's thread.
    #[inline]
    pub(super) fn make<F: Future>(&self, own: fn(bool) -> Own, future: F) -> Slot {
        let slot = self.slab.take().unwrap_or_else(|| self.more());
        // SAFETY: it comes from the slab, and this is its thread.
        unsafe { Slot::fill(slot, own, future) }
    }

    /// There is no slot left: those that others have returned, or new ones.
    #[cold]
    fn more(&self) -> NonNull<slot::Head> {
        self.others.returned.take().for_each(|slot| self.slab.give(slot));
        self.slab.take().unwrap_or_else(|| self.slab.take_fresh(NonNull::from(self).cast()))
    }

    // ANCHOR: spawn
    #[inline]
    pub(super) fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
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
    /// Its executor.
    #[inline]
    pub(super) fn shared(&self) -> &Shared {
        self.head().life.with(|_| ());
        // SAFETY: `Shared::more` gives the slab this pointer, and `Shared` lives as long as there
        // is a task.
        unsafe { slab::shared_of(self.0).cast::<Shared>().as_ref() }
    }

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
