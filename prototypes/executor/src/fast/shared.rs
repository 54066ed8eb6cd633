//! What an executor shares with its tasks and their wakers.
use super::{slab::Slab, task::Header};
use std::{cell::Cell, ptr::{self, NonNull}, sync::{Arc, atomic::{AtomicPtr, AtomicUsize, Ordering::*}}, thread::Thread};

thread_local! { static ID: Cell<usize> = const { Cell::new(0) }; }
static LAST: AtomicUsize = AtomicUsize::new(0);
fn id() -> usize { if ID.get() == 0 { ID.set(LAST.fetch_add(1, Relaxed) + 1) } ID.get() }

pub struct Unparker { state: AtomicUsize, thread: Thread }
impl Unparker {
    pub fn new() -> Self { Unparker { state: AtomicUsize::new(0), thread: std::thread::current() } }
    pub fn unpark(&self) { if self.state.swap(2, AcqRel) == 1 { self.thread.unpark() } }
    pub fn park(&self) {
        if self.state.compare_exchange(0, 1, Acquire, Relaxed).is_ok() { loop { std::thread::park(); if self.state.load(Relaxed) == 2 { break } } }
        self.state.swap(0, Acquire);
    }
}

pub struct Shared {
    owner: usize,
    pub slab: Slab,
    head: Cell<*mut Header>,
    tail: Cell<*mut Header>,
    pub live: Cell<usize>,
    remote: AtomicPtr<Header>,
    returned: AtomicPtr<Header>,
    outstanding: AtomicUsize,
    pub unparker: Arc<Unparker>,
    pub closed: Cell<bool>,
}
fn sentinel() -> *mut Header { ptr::without_provenance_mut(64) }

impl Shared {
    pub fn new() -> NonNull<Shared> {
        let unparker = Arc::new(Unparker { state: AtomicUsize::new(0), thread: std::thread::current() });
        NonNull::from(Box::leak(Box::new(Shared { owner: id(), slab: Slab::new(), head: Cell::new(ptr::null_mut()), tail: Cell::new(ptr::null_mut()), live: Cell::new(0), remote: AtomicPtr::default(), returned: AtomicPtr::default(), outstanding: AtomicUsize::new(0), unparker, closed: Cell::new(false) })))
    }
    #[inline]
    pub fn is_owner(&self) -> bool { ID.get() == self.owner }
    #[inline]
    pub fn push(&self, task: NonNull<Header>) {
        let t = task.as_ptr();
        unsafe { (*t).next.set(ptr::null_mut()) };
        let tail = self.tail.replace(t);
        if tail.is_null() { self.head.set(t) } else { unsafe { (*tail).next.set(t) } }
    }
    #[inline]
    pub fn pop(&self) -> Option<NonNull<Header>> {
        let head = NonNull::new(self.head.get())?;
        let next = unsafe { head.as_ref() }.next.get();
        self.head.set(next);
        if next.is_null() { self.tail.set(next) }
        Some(head)
    }
    pub fn push_remote(&self, task: NonNull<Header>) {
        if self.stack(&self.remote, task) { self.unparker.unpark() }
    }
    /// Whether it was empty.
    fn stack(&self, on: &AtomicPtr<Header>, task: NonNull<Header>) -> bool {
        let mut head = on.load(Relaxed);
        loop {
            unsafe { task.as_ref() }.remote_next.store(head, Relaxed);
            match on.compare_exchange_weak(head, task.as_ptr(), AcqRel, Relaxed) { Ok(_) => return head.is_null(), Err(now) => head = now }
        }
    }
    /// Moves what others have woken into the queue.
    #[inline]
    pub fn drain(&self) -> bool {
        if self.remote.load(Relaxed).is_null() { return false }
        self.drain_some(); true
    }
    #[cold]
    fn drain_some(&self) {
        let mut list = self.remote.swap(ptr::null_mut(), AcqRel);
        let mut reversed = ptr::null_mut();
        while let Some(t) = NonNull::new(list) { let n = unsafe { t.as_ref() }.remote_next.load(Relaxed); unsafe { t.as_ref() }.remote_next.store(reversed, Relaxed); reversed = list; list = n; }
        while let Some(t) = NonNull::new(reversed) {
            let h = unsafe { t.as_ref() };
            reversed = h.remote_next.load(Relaxed);
            h.remote.answered();
            if h.local.wake() { self.push(t) }
            if h.local.drop_ref(&h.remote) == super::words::After::Free { self.free_here(t) }
        }
    }
    #[inline]
    pub fn free_here(&self, task: NonNull<Header>) { self.live.set(self.live.get() - 1); self.slab.give(task) }
    #[cold]
    pub fn free_elsewhere(&self, task: NonNull<Header>) { self.stack(&self.returned, task); }
    #[inline]
    pub fn slot(&self) -> NonNull<Header> { self.live.set(self.live.get() + 1); self.slab.take() }
}
