//! The queue of a worker: it alone puts tasks in, and it and others take them out, first in, first out.
use super::task::Header;
use std::{cell::Cell, ptr::NonNull, sync::atomic::{AtomicPtr, AtomicUsize, Ordering::{AcqRel, Acquire, Relaxed, Release}}};

pub const ROOM: usize = 256;

#[repr(align(128))]
pub struct Ring {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: Box<[AtomicPtr<Header>; ROOM]>,
    /// Only the owner's.
    _own: Cell<()>,
}

impl Ring {
    pub fn new() -> Self { Ring { head: AtomicUsize::new(0), tail: AtomicUsize::new(0), slots: Box::new([const { AtomicPtr::new(std::ptr::null_mut()) }; ROOM]), _own: Cell::new(()) } }
    pub fn is_empty(&self) -> bool { self.head.load(Acquire) == self.tail.load(Acquire) }
    /// Owner.
    #[inline]
    pub fn push(&self, task: NonNull<Header>) -> Result<(), NonNull<Header>> {
        let tail = self.tail.load(Relaxed);
        if tail.wrapping_sub(self.head.load(Acquire)) == ROOM { return Err(task) }
        self.slots[tail % ROOM].store(task.as_ptr(), Relaxed);
        self.tail.store(tail.wrapping_add(1), Release);
        Ok(())
    }
    /// Owner.
    #[inline]
    pub fn pop(&self) -> Option<NonNull<Header>> {
        let tail = self.tail.load(Relaxed);
        let mut head = self.head.load(Acquire);
        loop {
            if head == tail { return None }
            let task = self.slots[head % ROOM].load(Relaxed);
            match self.head.compare_exchange_weak(head, head.wrapping_add(1), AcqRel, Acquire) { Ok(_) => return NonNull::new(task), Err(now) => head = now }
        }
    }
    /// Owner: half of what is there, oldest first, as a list.
    pub fn take_half(&self, mut each: impl FnMut(NonNull<Header>)) -> bool {
        let head = self.head.load(Acquire);
        let tail = self.tail.load(Relaxed);
        let n = tail.wrapping_sub(head) / 2;
        if n == 0 { return false }
        let mut some = [std::ptr::null_mut(); ROOM / 2];
        for i in 0..n { some[i] = self.slots[head.wrapping_add(i) % ROOM].load(Relaxed); }
        if self.head.compare_exchange(head, head.wrapping_add(n), AcqRel, Relaxed).is_err() { return false }
        for t in &some[..n] { each(unsafe { NonNull::new_unchecked(*t) }) }
        true
    }
    /// By the owner of `to`, which is empty.
    pub fn steal_into(&self, to: &Ring) -> bool {
        let start = to.tail.load(Relaxed);
        let mut head = self.head.load(Acquire);
        loop {
            let tail = self.tail.load(Acquire);
            let n = tail.wrapping_sub(head);
            let n = n - n / 2;
            if n == 0 { return false }
            if n > ROOM / 2 { head = self.head.load(Acquire); continue }
            for i in 0..n {
                let task = self.slots[head.wrapping_add(i) % ROOM].load(Relaxed);
                to.slots[start.wrapping_add(i) % ROOM].store(task, Relaxed);
            }
            match self.head.compare_exchange(head, head.wrapping_add(n), AcqRel, Acquire) {
                Ok(_) => { to.tail.store(start.wrapping_add(n), Release); return true }
                Err(now) => head = now,
            }
        }
    }
}
