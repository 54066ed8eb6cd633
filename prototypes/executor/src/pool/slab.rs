//! Slots for tasks: taken by one thread, given back by any.
use super::task::Header;
use std::{alloc::{Layout, alloc, dealloc, handle_alloc_error}, cell::{Cell, RefCell}, ptr::{self, NonNull}, sync::atomic::{AtomicPtr, Ordering::{AcqRel, Relaxed}}};
pub const SLOT: usize = 128;
const FIRST: usize = 32;
const MOST: usize = 1024;
#[repr(align(128))]
pub struct Slab { free: Cell<*mut Header>, fresh: Cell<*mut u8>, end: Cell<*mut u8>, chunks: RefCell<Vec<(NonNull<u8>, usize)>>, returned: Returned }
#[repr(align(128))]
struct Returned(AtomicPtr<Header>);
unsafe impl Sync for Slab {}
unsafe impl Send for Slab {}
impl Slab {
    pub fn new() -> Self { Slab { free: Cell::new(ptr::null_mut()), fresh: Cell::new(ptr::null_mut()), end: Cell::new(ptr::null_mut()), chunks: RefCell::new(Vec::new()), returned: Returned(AtomicPtr::default()) } }
    #[inline]
    pub fn take(&self) -> NonNull<Header> {
        if let Some(slot) = NonNull::new(self.free.get()) { self.free.set(unsafe { slot.as_ref() }.next.get()); return slot }
        self.take_slow()
    }
    fn take_slow(&self) -> NonNull<Header> {
        if let Some(slot) = NonNull::new(self.returned.0.swap(ptr::null_mut(), AcqRel)) { self.free.set(unsafe { slot.as_ref() }.next.get()); return slot }
        if self.fresh.get() == self.end.get() { self.grow() }
        let slot = self.fresh.get();
        self.fresh.set(unsafe { slot.add(SLOT) });
        unsafe { NonNull::new_unchecked(slot.cast()) }
    }
    #[inline]
    pub fn give(&self, slot: NonNull<Header>) {
        let h = unsafe { slot.as_ref() };
        h.vtable.set(None);
        h.next.set(self.free.replace(slot.as_ptr()));
    }
    pub fn give_back(&self, slot: NonNull<Header>) {
        let h = unsafe { slot.as_ref() };
        h.vtable.set(None);
        let mut head = self.returned.0.load(Relaxed);
        loop { h.next.set(head); match self.returned.0.compare_exchange_weak(head, slot.as_ptr(), AcqRel, Relaxed) { Ok(_) => return, Err(now) => head = now } }
    }
    #[cold] #[inline(never)]
    fn grow(&self) {
        let mut chunks = self.chunks.borrow_mut();
        let slots = (FIRST << chunks.len().min(16)).min(MOST);
        let layout = Layout::from_size_align(SLOT * slots, 64).unwrap();
        let Some(chunk) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        chunks.push((chunk, slots));
        self.fresh.set(chunk.as_ptr());
        self.end.set(unsafe { chunk.as_ptr().add(SLOT * slots) });
    }
}
impl Drop for Slab { fn drop(&mut self) { for (c, n) in self.chunks.get_mut().drain(..) { unsafe { dealloc(c.as_ptr(), Layout::from_size_align(SLOT * n, 64).unwrap()) } } } }
