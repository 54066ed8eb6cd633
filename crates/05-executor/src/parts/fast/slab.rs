//! Slots for tasks, all of one size, so that a new one is where an old one was, warm and at no cost. A slab grows by chunks, of a
//! sixteenth of what it has, and keeps them until all of it goes. It is the list of all tasks, too.

#![allow(unsafe_code)]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    cell::{Cell, RefCell},
    ptr::{self, NonNull},
};

use super::slot::{Head, SLOT, Slot};

/// How many slots the first chunk has. One is a page.
const FEW: usize = 4096 / SLOT;
/// How many slots a chunk has at most: eight pages, more of which some allocators get from the kernel, and give back to it.
const MANY: usize = 8 * FEW;

/// The slots of one executor. Its owner's alone.
pub(super) struct Slab {
    free: Cell<Option<Slot>>,
    /// From here to `end` the last chunk has never been used.
    fresh: Cell<*mut Head>,
    end: Cell<*mut Head>,
    chunks: RefCell<Vec<Chunk>>,
    /// How many slots there are.
    slots: Cell<usize>,
}

#[derive(Clone, Copy)]
struct Chunk {
    first: NonNull<Head>,
    slots: usize,
}

impl Slab {
    pub(super) fn new() -> Self {
        Slab {
            free: Cell::new(None),
            fresh: Cell::new(ptr::null_mut()),
            end: Cell::new(ptr::null_mut()),
            chunks: RefCell::default(),
            slots: Cell::new(0),
        }
    }

    /// A slot, which is uninitialised or free; `None` if there is none without [growing](Slab::grow).
    #[inline]
    pub(super) fn take(&self) -> Option<NonNull<Head>> {
        if let Some(slot) = self.free.get() {
            self.free.set(slot.head().next.get());
            return NonNull::new(slot.as_ptr());
        }
        let fresh = self.fresh.get();
        if fresh == self.end.get() {
            return None;
        }
        // SAFETY: there is one slot more at least before the end of the chunk.
        self.fresh.set(unsafe { fresh.byte_add(SLOT) });
        NonNull::new(fresh)
    }

    /// Takes a slot back, whose task is gone.
    #[inline]
    pub(super) fn give(&self, slot: Slot) {
        // SAFETY: nobody has a task there any more, and so it is the slab's.
        slot.head().shared.with_mut(|shared| unsafe { *shared = None });
        slot.head().next.set(self.free.replace(Some(slot)));
    }

    /// Adds a chunk of fresh slots.
    pub(super) fn grow(&self) {
        let slots = (self.slots.get() / 16).clamp(FEW, MANY);
        let layout = Self::layout(slots);
        // SAFETY: it is not empty.
        let Some(first) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        let first = first.cast::<Head>();
        self.chunks.borrow_mut().push(Chunk { first, slots });
        self.slots.set(self.slots.get() + slots);
        self.fresh.set(first.as_ptr());
        // SAFETY: that is its end.
        self.end.set(unsafe { first.as_ptr().byte_add(SLOT * slots) });
    }

    /// Visits every slot that is not free. What comes meanwhile, it may visit or not.
    pub(super) fn each(&self, mut visit: impl FnMut(Slot)) {
        for chunk in 0.. {
            // Not borrowed while one is visited, who may do as it likes.
            let Some(Chunk { first, slots }) = self.chunks.borrow().get(chunk).copied() else { return };
            for slot in 0..slots {
                // SAFETY: it is in the chunk.
                let slot = unsafe { first.byte_add(slot * SLOT) };
                if chunk + 1 == self.chunks.borrow().len() && slot.as_ptr() >= self.fresh.get() {
                    return;
                }
                // SAFETY: it has been used, so there is a head, of a task or of one that is gone.
                let slot = unsafe { Slot::from_raw(slot) };
                // SAFETY: only this thread writes it.
                if slot.head().shared.with(|shared| unsafe { (*shared).is_some() }) {
                    visit(slot);
                }
            }
        }
    }

    fn layout(slots: usize) -> Layout {
        Layout::from_size_align(SLOT * slots, align_of::<Head>()).expect("a chunk is a few pages")
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        for Chunk { first, slots } in self.chunks.get_mut().drain(..) {
            // SAFETY: it was allocated so, and nobody has a slot in it any more.
            unsafe { dealloc(first.as_ptr().cast(), Self::layout(slots)) }
        }
    }
}
