//! Slots for tasks.
use std::{alloc::{Layout, alloc, dealloc, handle_alloc_error}, cell::{Cell, RefCell}, ptr::{self, NonNull}};
use super::task::Header;

pub const SLOT: usize = 128;
const FIRST: usize = 32;
const MOST: usize = 1024;

pub struct Slab {
    free: Cell<*mut Header>,
    /// Slots of the last chunk that have never been used.
    fresh: Cell<*mut u8>,
    end: Cell<*mut u8>,
    chunks: RefCell<Vec<(NonNull<u8>, usize)>>,
}

impl Slab {
    pub fn new() -> Self {
        Slab { free: Cell::new(ptr::null_mut()), fresh: Cell::new(ptr::null_mut()), end: Cell::new(ptr::null_mut()), chunks: RefCell::new(Vec::new()) }
    }
    #[inline]
    pub fn take(&self) -> NonNull<Header> {
        let free = self.free.get();
        if let Some(slot) = NonNull::new(free) {
            self.free.set(unsafe { (*free).next.get() });
            return slot;
        }
        if self.fresh.get() == self.end.get() {
            self.grow();
        }
        let slot = self.fresh.get();
        self.fresh.set(unsafe { slot.add(SLOT) });
        unsafe { NonNull::new_unchecked(slot.cast()) }
    }
    #[inline]
    pub fn give(&self, slot: NonNull<Header>) {
        unsafe {
            (*slot.as_ptr()).vtable.set(None);
            (*slot.as_ptr()).next.set(self.free.get());
        }
        self.free.set(slot.as_ptr());
    }
    #[cold]
    #[inline(never)]
    fn grow(&self) {
        let mut chunks = self.chunks.borrow_mut();
        let slots = (FIRST << chunks.len().min(16)).min(MOST);
        let layout = Layout::from_size_align(SLOT * slots, 64).unwrap();
        let Some(chunk) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        chunks.push((chunk, slots));
        self.fresh.set(chunk.as_ptr());
        self.end.set(unsafe { chunk.as_ptr().add(SLOT * slots) });
    }
    /// Every slot that holds a task.
    pub fn each(&self, mut f: impl FnMut(NonNull<Header>)) {
        let mut i = 0;
        loop {
            let Some((chunk, slots)) = self.chunks.borrow().get(i).copied() else { break };
            for n in 0..slots {
                let slot = unsafe { chunk.as_ptr().add(n * SLOT) };
                // The rest of the last chunk has never been used.
                if i + 1 == self.chunks.borrow().len() && slot >= self.fresh.get() { break }
                let slot: NonNull<Header> = unsafe { NonNull::new_unchecked(slot.cast()) };
                if unsafe { slot.as_ref() }.vtable.get().is_some() { f(slot) }
            }
            i += 1;
        }
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        for (chunk, slots) in self.chunks.get_mut().drain(..) {
            unsafe { dealloc(chunk.as_ptr(), Layout::from_size_align(SLOT * slots, 64).unwrap()) }
        }
    }
}
