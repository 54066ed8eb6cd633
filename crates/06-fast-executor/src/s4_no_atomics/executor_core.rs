//! The core of an executor: what its tasks, their wakers and the executor have in common. It lives
//! as long as any of them, also on other threads, and the last one frees it.

#![allow(unsafe_code)]

use std::{cell::Cell, future::Future, ptr::NonNull, sync::atomic::Ordering::AcqRel, task::Waker};

use super::{
    contents,
    join::JoinHandle,
    linked_queue::LinkedQueue,
    owner_word::{OwnerWord, QUEUED},
    remote_wakes::{RemotePush, RemoteWakes},
    remote_word::RemoteStep,
    returned_slots::{ReturnedSlots, StackClosed},
    slab::{self, Slab},
    slot::{SlotHeader, TaskSlot},
};
use crate::{
    parts::event,
    sync::{AtomicUsize, cell::UnsafeCell, this_thread},
};

// ANCHOR: shared
/// The core. Only the owner thread uses its first part. Other threads read `thread`, `root` and
/// `unparker` there, which never change while they can.
pub(super) struct ExecutorCore {
    /// The number of the owner thread.
    thread: u64,
    pub(super) slab: Slab,
    pub(super) queue: LinkedQueue,
    /// The root has a slot as a task has, but its future is elsewhere: on the stack of `block_on`.
    pub(super) root: Cell<Option<TaskSlot>>,
    pub(super) closed: Cell<bool>,
    /// The number of `CoreRef`s.
    pub(super) core_refs: Cell<usize>,
    /// No `CoreRef` is left: the last slot frees the core.
    retired: Cell<bool>,
    /// The list that is swapped with the list of remote wakes.
    taken: Cell<Vec<TaskSlot>>,
    unparker: UnsafeCell<Waker>,
    pub(super) remote: RemoteSide,
}

/// The part that other threads write. It has cache lines of its own.
#[repr(align(128))]
pub(super) struct RemoteSide {
    /// The tasks that other threads have woken. Each entry holds a reference.
    pub(super) woken: RemoteWakes,
    /// The slots whose last reference another thread has dropped, until the slab needs them. It is
    /// closed when the last `CoreRef` is dropped.
    returned: ReturnedSlots,
    /// Once the last `CoreRef` was dropped: the number of slots in use. Before that: [`OWNED`],
    /// minus the slots that were freed since `returned` was closed.
    slots: AtomicUsize,
}
// ANCHOR_END: shared

/// More than the number of slots can be.
const OWNED: usize = usize::MAX / 2;

impl ExecutorCore {
    /// Creates a core without tasks, whose owner thread is this one.
    pub(super) fn new(unparker: Waker) -> Self {
        ExecutorCore {
            thread: this_thread::number(),
            slab: Slab::new(),
            queue: LinkedQueue::default(),
            root: Cell::new(None),
            closed: Cell::new(false),
            core_refs: Cell::new(1),
            retired: Cell::new(false),
            taken: Cell::default(),
            unparker: UnsafeCell::new(unparker),
            remote: RemoteSide {
                woken: RemoteWakes::new(),
                returned: ReturnedSlots::new(),
                slots: AtomicUsize::new(OWNED),
            },
        }
    }

    /// Whether this is the owner thread.
    #[inline]
    pub(super) fn is_here(&self) -> bool {
        this_thread::number() == self.thread
    }

    /// Puts a task whose `QUEUED` is set into the queue. On the owner thread.
    #[inline]
    pub(super) fn push(&self, task: TaskSlot) {
        if !self.is_root(task) {
            event::task("enqueue", task.address());
        }
        self.queue.push(task);
    }

    // ANCHOR: push_woken
    /// Another thread has woken a task. The caller has a reference, and has counted one more for
    /// the entry.
    pub(super) fn push_woken(&self, task: TaskSlot) {
        match self.remote.woken.push(task) {
            // SAFETY: nobody writes the unparker before the core is freed. The caller's reference
            // keeps the core.
            RemotePush::First => self.unparker.with(|unparker| unsafe { (*unparker).wake_by_ref() }),
            RemotePush::Behind => {}
            RemotePush::Closed => {
                let last = task.header().remote_word.release();
                debug_assert!(!last, "the caller has a reference");
            }
        }
    }
    // ANCHOR_END: push_woken

    // ANCHOR: drain
    /// Puts the tasks that other threads have woken into the queue. On the owner thread.
    #[inline]
    pub(super) fn take_remote_wakes(&self) {
        if !self.remote.woken.is_empty() {
            let mut taken = self.taken.take();
            self.remote.woken.take(&mut taken);
            taken.drain(..).for_each(|task| self.answer(task));
            self.taken.set(taken);
        }
    }

    pub(super) fn answer(&self, task: TaskSlot) {
        let owner_word = &task.header().owner_word;
        match task.header().remote_word.answer() {
            RemoteStep::Over => {}
            RemoteStep::Free => task.free(),
            RemoteStep::Wake if owner_word.wake() => self.push(task),
            RemoteStep::Abort if owner_word.abort() => self.push(task),
            RemoteStep::Wake | RemoteStep::Abort => {}
        }
    }
    // ANCHOR_END: drain

    // ANCHOR: retire
    /// The last `CoreRef` is dropped.
    ///
    /// # Safety
    ///
    /// No `CoreRef` is left, and this is the owner thread.
    pub(super) unsafe fn retire(this: NonNull<ExecutorCore>) {
        // SAFETY: the core is freed only when the last slot is freed too, and that is decided
        // below.
        let core = unsafe { this.as_ref() };
        core.retired.set(true);
        core.remote.returned.close().for_each(|slot| core.slab.give(slot));
        let mut slots = 0_usize;
        core.slab.each(|_| slots += 1);
        // Other threads may have freed some of these since the stack was closed.
        let change = slots.wrapping_sub(OWNED);
        if core.remote.slots.fetch_add(change, AcqRel).wrapping_add(change) == 0 {
            // SAFETY: no slot and no `CoreRef` is left.
            unsafe { Self::delete(this) }
        }
    }

    /// A slot is freed after the last `CoreRef` was dropped.
    ///
    /// # Safety
    ///
    /// The slot belonged to the caller, which does not use it any more.
    unsafe fn free_retired_slot(this: NonNull<ExecutorCore>) {
        // SAFETY: the slot keeps the core until this step.
        if unsafe { this.as_ref() }.remote.slots.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: that was the last slot, and no `CoreRef` is left.
            unsafe { Self::delete(this) }
        }
    }
    // ANCHOR_END: retire

    /// # Safety
    ///
    /// No `CoreRef` and no slot is left.
    unsafe fn delete(this: NonNull<ExecutorCore>) {
        // SAFETY: `CoreRef::new` made the core in a box. Every other thread has used it before it
        // gave up its last slot.
        let core = unsafe { Box::from_raw(this.as_ptr()) };
        // A model sees here a use of the core that is not over.
        core.unparker.with_mut(|_| ());
    }

    #[inline]
    pub(super) fn is_root(&self, task: TaskSlot) -> bool {
        self.root.get() == Some(task)
    }

    /// Makes a task. On the owner thread.
    #[inline]
    pub(super) fn make<F: Future>(&self, owner_word: fn(bool) -> OwnerWord, future: F) -> TaskSlot {
        let slot = self.slab.take().unwrap_or_else(|| self.take_more());
        // SAFETY: the slab of this thread has just given the slot away, so nobody else uses it.
        unsafe { contents::fill(slot, owner_word, future) }
    }

    /// Takes a slot when the slab has no used one: one that another thread has returned, or a fresh
    /// one.
    #[cold]
    fn take_more(&self) -> NonNull<SlotHeader> {
        self.remote.returned.take().for_each(|slot| self.slab.give(slot));
        self.slab.take().unwrap_or_else(|| self.slab.take_fresh(NonNull::from(self).cast()))
    }

    // ANCHOR: spawn
    #[inline]
    pub(super) fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let task = self.make(OwnerWord::new, future);
        contents::report_spawn::<F>(task);
        if self.closed.get() {
            // SAFETY: this is the owner thread, and the new task is not being polled.
            unsafe { task.shut_down() }
            task.release(QUEUED);
        } else {
            self.queue.push(task);
        }
        // SAFETY: the new task has `HANDLE` set and no handle yet. The handle gets the future's
        // output type.
        unsafe { JoinHandle::new(task) }
    }
    // ANCHOR_END: spawn
}

impl TaskSlot {
    /// The core of its executor.
    #[inline]
    pub(super) fn core(&self) -> &ExecutorCore {
        self.header().life.with(|_| ());
        // SAFETY: `take_more` gives each page of the slab a pointer to the core. The core lives as
        // long as a slot is in use.
        unsafe { slab::core_of(self.0).cast::<ExecutorCore>().as_ref() }
    }

    // ANCHOR: free
    /// Gives the slot of a task back that nobody uses any more. On the owner thread.
    #[inline]
    pub(super) fn free(self) {
        event::gone(self.address());
        let core = self.core();
        if core.retired.get() {
            // SAFETY: the slot belongs to the caller, which does not use it after this.
            unsafe { ExecutorCore::free_retired_slot(NonNull::from(core)) }
        } else {
            core.slab.give(self);
        }
    }

    /// The same on another thread.
    pub(super) fn free_from_elsewhere(self) {
        event::gone(self.address());
        let core = self.core();
        // After a push the slot belongs to the owner thread, so neither it nor the core is used.
        if let Err(StackClosed) = core.remote.returned.push(self) {
            // SAFETY: the slot belongs to the caller, which does not use it after this.
            unsafe { ExecutorCore::free_retired_slot(NonNull::from(core)) }
        }
    }
    // ANCHOR_END: free
}
