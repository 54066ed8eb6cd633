//! Slots for tasks, all of one size. A new task takes the slot that was freed last, which is still
//! in the cache. The slab grows by a page at a time, and frees its pages only at its end. It is
//! also the list of all tasks.

#![allow(unsafe_code)]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    cell::{Cell, RefCell},
    mem,
    ptr::NonNull,
};

use super::slot::{SLOT, SlotHeader, TaskSlot};
use crate::sync::cell::UnsafeCell;

/// The alignment of a page. So the address of a slot tells where its page begins.
const PAGE: usize = if cfg!(loom_model) { 1 << 16 } else { 1 << 12 };
/// The size of a page. Two words are left to the allocator, which can then place the next page
/// right behind.
const SIZE: usize = PAGE - 2 * size_of::<usize>();
/// The number of slots in a page.
const SLOTS: usize = if cfg!(loom_model) { 2 } else { (SIZE - size_of::<Page>()) / SLOT };
const _: () = assert!(size_of::<Page>() + SLOTS * SLOT <= SIZE);

/// The beginning of a page. The slots are behind it.
#[repr(C)]
struct Page {
    /// A pointer to the core of the executor. Written before any slot of the page is used; then
    /// every thread that has a slot reads it.
    core: UnsafeCell<NonNull<()>>,
}

/// The slots of one executor. Only the owner thread uses it.
pub(super) struct Slab {
    free: Cell<Option<TaskSlot>>,
    /// The number of slots of the last page that were ever used.
    used: Cell<usize>,
    pages: RefCell<Vec<NonNull<Page>>>,
}

impl Slab {
    pub(super) fn new() -> Self {
        Slab { free: Cell::new(None), used: Cell::new(SLOTS), pages: RefCell::default() }
    }

    /// Takes a free slot that was used before, if there is one.
    #[inline]
    pub(super) fn take(&self) -> Option<NonNull<SlotHeader>> {
        let slot = self.free.get()?;
        self.free.set(slot.header().next.get());
        NonNull::new(slot.as_ptr())
    }

    /// Takes a slot that was never used, and is uninitialised. If need be, it allocates a page.
    pub(super) fn take_fresh(&self, core: NonNull<()>) -> NonNull<SlotHeader> {
        if self.used.get() == SLOTS {
            let page = new_page(core);
            self.pages.borrow_mut().push(page);
            self.used.set(0);
        }
        let used = self.used.replace(self.used.get() + 1);
        let page = *self.pages.borrow().last().expect("without a page, all slots count as used");
        slot(page, used)
    }

    /// Takes a slot back whose task nobody uses any more.
    #[inline]
    pub(super) fn give(&self, slot: TaskSlot) {
        // A model sees here a use of the task that is not over.
        slot.header().life.with_mut(|_| ());
        slot.header().owner_word.free();
        slot.header().next.set(self.free.replace(Some(slot)));
    }

    /// Calls `visit` for each slot in use. It may or may not see slots that are taken meanwhile.
    pub(super) fn each(&self, mut visit: impl FnMut(TaskSlot)) {
        for number in 0.. {
            // Not borrowed during `visit`, which may run any code.
            let Some(page) = self.pages.borrow().get(number).copied() else { return };
            for slot_number in 0..SLOTS {
                if number + 1 == self.pages.borrow().len() && slot_number >= self.used.get() {
                    return;
                }
                // SAFETY: the slot was used, so it holds the header of a task, or of the last one.
                let slot = unsafe { TaskSlot::from_raw(slot(page, slot_number)) };
                if !slot.header().owner_word.is_free() {
                    visit(slot);
                }
            }
        }
    }
}

/// The core pointer in the page of this slot.
#[inline]
pub(super) fn core_of(slot: NonNull<SlotHeader>) -> NonNull<()> {
    let page = slot.as_ptr().map_addr(|address| address & !(PAGE - 1)).cast::<Page>();
    // SAFETY: each slot is in a page that is aligned to `PAGE`, so this is its beginning. The page
    // lives as long as one of its slots is in use.
    unsafe { (*page).core.with(|core| *core) }
}

fn slot(page: NonNull<Page>, number: usize) -> NonNull<SlotHeader> {
    debug_assert!(number < SLOTS);
    // SAFETY: a page has room for `SLOTS` slots behind its beginning.
    unsafe { page.add(1).byte_add(number * SLOT).cast() }
}

const LAYOUT: Layout = match Layout::from_size_align(SIZE, PAGE) {
    Ok(layout) => layout,
    Err(_) => panic!("the size of a page should make a layout"),
};

fn new_page(core: NonNull<()>) -> NonNull<Page> {
    // SAFETY: the layout has a size greater than 0.
    let Some(page) = NonNull::new(unsafe { alloc(LAYOUT) }) else { handle_alloc_error(LAYOUT) };
    let page = page.cast::<Page>();
    // SAFETY: the allocation is new, and large enough and aligned for a `Page`.
    unsafe { page.write(Page { core: UnsafeCell::new(core) }) }
    page
}

impl Drop for Slab {
    fn drop(&mut self) {
        for page in mem::take(self.pages.get_mut()) {
            // SAFETY: `new_page` allocated it with this layout. The core drops its slab only when
            // no slot is in use.
            unsafe {
                // A model sees here a use of the page that is not over.
                page.as_ref().core.with_mut(|_| ());
                dealloc(page.as_ptr().cast(), LAYOUT);
            }
        }
    }
}
