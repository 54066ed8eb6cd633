//! Slots for tasks, all of one size, so that a new one is where an old one was, warm and at no
//! cost. A slab grows by a page, and keeps its pages until all of it goes. A page knows whose it
//! is, so a task need not. The slab is the list of all tasks, too.

#![allow(unsafe_code)]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    cell::{Cell, RefCell},
    mem,
    ptr::NonNull,
};

use super::slot::{Head, SLOT, Slot};
use crate::sync::cell::UnsafeCell;

/// What a page is aligned to: so the page of a slot is found in its address.
const PAGE: usize = if cfg!(loom_model) { 1 << 16 } else { 1 << 12 };
/// What it holds, two words for the allocator left out, which will put the next page right behind
/// it then.
const SIZE: usize = PAGE - 2 * size_of::<usize>();
/// How many slots a page has.
const SLOTS: usize = if cfg!(loom_model) { 2 } else { (SIZE - size_of::<Page>()) / SLOT };
const _: () = assert!(size_of::<Page>() + SLOTS * SLOT <= SIZE);

/// What a page begins with. The slots are behind it.
#[repr(C)]
struct Page {
    /// Whose it is. Read by everybody who has a slot in it, and written when nobody has.
    shared: UnsafeCell<NonNull<()>>,
}

/// The slots of one executor. Its owner's alone.
pub(super) struct Slab {
    free: Cell<Option<Slot>>,
    /// How many slots of the last page have been used.
    used: Cell<usize>,
    pages: RefCell<Vec<NonNull<Page>>>,
}

impl Slab {
    pub(super) fn new() -> Self {
        Slab { free: Cell::new(None), used: Cell::new(SLOTS), pages: RefCell::default() }
    }

    /// A free slot; `None` if there is none that has been used before.
    #[inline]
    pub(super) fn take(&self) -> Option<NonNull<Head>> {
        let slot = self.free.get()?;
        self.free.set(slot.head().next.get());
        NonNull::new(slot.as_ptr())
    }

    /// A slot that has never been used, and is uninitialised, of a new page if need be.
    pub(super) fn take_fresh(&self, shared: NonNull<()>) -> NonNull<Head> {
        if self.used.get() == SLOTS {
            let page = new_page(shared);
            self.pages.borrow_mut().push(page);
            self.used.set(0);
        }
        let used = self.used.replace(self.used.get() + 1);
        let page = *self.pages.borrow().last().expect("there is one, or none of its slots would be left");
        slot(page, used)
    }

    /// Takes a slot back, whose task is gone.
    #[inline]
    pub(super) fn give(&self, slot: Slot) {
        // A model sees here whether nobody has the task any more.
        slot.head().life.with_mut(|_| ());
        slot.head().own.free();
        slot.head().next.set(self.free.replace(Some(slot)));
    }

    /// Visits every slot that is not free. What comes meanwhile, it may visit or not.
    pub(super) fn each(&self, mut visit: impl FnMut(Slot)) {
        for number in 0.. {
            // Not borrowed while one is visited, who may do as it likes.
            let Some(page) = self.pages.borrow().get(number).copied() else { return };
            for number_there in 0..SLOTS {
                if number + 1 == self.pages.borrow().len() && number_there >= self.used.get() {
                    return;
                }
                // SAFETY: it has been used, so there is a head, of a task or of one that is gone.
                let slot = unsafe { Slot::from_raw(slot(page, number_there)) };
                if !slot.head().own.is_free() {
                    visit(slot);
                }
            }
        }
    }
}

/// What the page of this slot was given: a pointer to the `Shared` of its executor.
#[inline]
pub(super) fn shared_of(slot: NonNull<Head>) -> NonNull<()> {
    // The bytes of the page before the slot are few: so this stays in the page's allocation.
    let page = slot.as_ptr().map_addr(|address| address & !(PAGE - 1)).cast::<Page>();
    // SAFETY: each slot is in a page, which is aligned so, begins with this, and is there as long
    // as any of its slots.
    unsafe { (*page).shared.with(|shared| *shared) }
}

fn slot(page: NonNull<Page>, number: usize) -> NonNull<Head> {
    debug_assert!(number < SLOTS);
    // SAFETY: it is in the page.
    unsafe { page.add(1).byte_add(number * SLOT).cast() }
}

const LAYOUT: Layout = match Layout::from_size_align(SIZE, PAGE) {
    Ok(layout) => layout,
    Err(_) => panic!("a page is small"),
};

fn new_page(shared: NonNull<()>) -> NonNull<Page> {
    // SAFETY: it is not empty.
    let Some(page) = NonNull::new(unsafe { alloc(LAYOUT) }) else { handle_alloc_error(LAYOUT) };
    let page = page.cast::<Page>();
    // SAFETY: it is new, and has room for this.
    unsafe { page.write(Page { shared: UnsafeCell::new(shared) }) }
    page
}

impl Drop for Slab {
    fn drop(&mut self) {
        for page in mem::take(self.pages.get_mut()) {
            // SAFETY: it was allocated so, and nobody has a slot in it any more, which a model sees
            // here.
            unsafe {
                page.as_ref().shared.with_mut(|_| ());
                dealloc(page.as_ptr().cast(), LAYOUT);
            }
        }
    }
}
