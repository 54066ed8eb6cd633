//! An allocator that counts live bytes and allocations, for the test and bench binaries that
//! install it. Only they may: a library or a program that is timed keeps the system's allocator as
//! it is.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator with counters of allocations, and of the bytes that are not yet freed:
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

/// The bytes that the program holds on its heap, as requested (the allocator's own overhead is not
/// seen); `None` unless [`Counting`] is installed.
pub fn live_bytes() -> Option<usize> {
    allocations().map(|_| LIVE.load(Relaxed))
}

/// How often the program has allocated so far, a block that grew or shrank included; `None` unless
/// [`Counting`] is installed.
pub fn allocations() -> Option<usize> {
    let allocations = ALLOCATIONS.load(Relaxed);
    // No program comes as far as here without any.
    (allocations > 0).then_some(allocations)
}

// SAFETY: every method hands its arguments, under the caller's promises, to the system's allocator
// and returns what that returned; the counters are touched by atomic operations, which do not
// allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller of `alloc` promises what `System.alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: `block` came from `System` with this layout, as every block of this allocator
        // does.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // Two steps that may wrap in between, never at the end: addition and subtraction wrap on
        // atomics.
        LIVE.fetch_add(new_size, Relaxed);
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as for `dealloc`; that `new_size` is valid is the caller's promise.
        unsafe { System.realloc(block, layout, new_size) }
    }
}
