//! An allocator that counts live bytes and allocations. Only test and bench programs that need the
//! counts install it. A library, or a program whose speed is measured, keeps the system's
//! allocator.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, with counters of the allocations and of the bytes that are not yet
/// freed.
///
/// ```
/// #[global_allocator]
/// static HEAP: harness::Counting = harness::Counting;
///
/// let before = harness::live_bytes().unwrap();
/// let kept = vec![0_u8; 1000];
/// assert!(harness::live_bytes().unwrap() >= before + 1000);
/// # drop(kept);
/// ```
#[derive(Debug)]
pub struct Counting;

/// The bytes that the program has allocated and not freed, without the allocator's own overhead.
/// `None` unless [`Counting`] is installed.
pub fn live_bytes() -> Option<usize> {
    allocations().map(|_| LIVE.load(Relaxed))
}

/// The number of allocations so far. Each reallocation counts as one. `None` unless [`Counting`] is
/// installed.
pub fn allocations() -> Option<usize> {
    let allocations = ALLOCATIONS.load(Relaxed);
    // Rust's runtime allocates before `main`, so 0 means that `Counting` is not installed.
    (allocations > 0).then_some(allocations)
}

// SAFETY: every method passes its arguments to the system's allocator and returns its result. The
// counters are atomics, so counting neither allocates nor panics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: `System.alloc` has the same requirements as `alloc`, and our caller upholds them.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: every block of this allocator comes from `System`. Our caller upholds that
        // `block` has this layout.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // The sum may wrap between the two steps. That is harmless, because atomic addition and
        // subtraction both wrap.
        LIVE.fetch_add(new_size, Relaxed);
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as in `dealloc`. Our caller also upholds that `new_size` is valid.
        unsafe { System.realloc(block, layout, new_size) }
    }
}
