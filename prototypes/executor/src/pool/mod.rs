//! Work stealing.
pub mod idle; pub mod ring; pub mod slab; pub mod task; pub mod words;
use std::{cell::Cell, future::Future, pin::pin, ptr::{self, NonNull}, sync::{Arc, Mutex, atomic::{AtomicBool, AtomicUsize, Ordering::*}}, task::{Context, Poll, Wake as StdWake, Waker}, thread};
use idle::Idle; use ring::Ring; use slab::Slab; use task::*; use words::*;
use crate::fast::shared::Unparker;
use tracing::level_filters::LevelFilter;

thread_local! { static CURRENT: Cell<*const Worker> = const { Cell::new(ptr::null()) }; }

struct List { head: *mut Header, tail: *mut Header, len: usize }
unsafe impl Send for List {}
impl List {
    #[inline]
    fn push(&mut self, t: NonNull<Header>) {
        unsafe { t.as_ref() }.next.set(ptr::null_mut());
        if self.tail.is_null() { self.head = t.as_ptr() } else { unsafe { (*self.tail).next.set(t.as_ptr()) } }
        self.tail = t.as_ptr(); self.len += 1;
    }
    #[inline]
    fn pop(&mut self) -> Option<NonNull<Header>> {
        let t = NonNull::new(self.head)?;
        self.head = unsafe { t.as_ref() }.next.get();
        if self.head.is_null() { self.tail = self.head }
        self.len -= 1;
        Some(t)
    }
}
pub struct Shared { rings: Vec<Ring>, slabs: Vec<Slab>, outside: Slab, injector: Mutex<List>, injected: AtomicUsize, idle: Idle, closed: AtomicBool }
unsafe impl Sync for Shared {}
unsafe impl Send for Shared {}
struct Worker { shared: Arc<Shared>, index: usize, tick: Cell<u32> }
pub struct Pool { shared: Arc<Shared>, threads: Vec<thread::JoinHandle<()>> }

#[inline]
fn heard() -> bool { LevelFilter::current() == LevelFilter::TRACE }
#[cold] #[inline(never)]
fn emit() { tracing::trace!("x") }

#[inline]
fn here<'a>(shared: &Shared) -> Option<&'a Worker> {
    let w = unsafe { CURRENT.get().as_ref() }?;
    ptr::eq(&*w.shared, shared).then_some(w)
}
pub fn give(slab: NonNull<Slab>, task: NonNull<Header>) {
    if let Some(w) = unsafe { CURRENT.get().as_ref() } && ptr::eq(&w.shared.slabs[w.index], slab.as_ptr()) { unsafe { slab.as_ref() }.give(task) }
    else { unsafe { slab.as_ref() }.give_back(task) }
}
#[inline]
pub fn schedule(shared: &Shared, task: NonNull<Header>) {
    match here(shared) { Some(w) => w.push_in_poll(task), None => { shared.inject(task); shared.idle.notify() } }
}
impl Shared {
    #[cold]
    fn inject(&self, task: NonNull<Header>) {
        let mut l = self.injector.lock().unwrap();
        l.push(task);
        self.injected.store(l.len, Relaxed);
    }
    fn work(&self) -> bool { self.closed.load(Acquire) || self.injected.load(Acquire) > 0 || self.rings.iter().any(|r| !r.is_empty()) }
}
impl Worker {
    #[inline]
    fn push(&self, task: NonNull<Header>) {
        if let Err(task) = self.shared.rings[self.index].push(task) { self.overflow(task) }
    }
    /// One that is alone is this worker's own next: nobody is woken for it.
    #[inline]
    fn push_in_poll(&self, task: NonNull<Header>) {
        let more = !self.shared.rings[self.index].is_empty();
        self.push(task);
        if more { self.shared.idle.notify() }
    }
    #[cold]
    fn overflow(&self, task: NonNull<Header>) {
        let mut l = self.shared.injector.lock().unwrap();
        self.shared.rings[self.index].take_half(|t| l.push(t));
        l.push(task);
        self.shared.injected.store(l.len, Relaxed);
    }
    fn injected(&self, most: usize) -> Option<NonNull<Header>> {
        if self.shared.injected.load(Relaxed) == 0 { return None }
        let mut l = self.shared.injector.lock().unwrap();
        let first = l.pop()?;
        let n = (l.len / self.shared.rings.len()).min(most);
        for _ in 0..n { if let Some(t) = l.pop() { if let Err(t) = self.shared.rings[self.index].push(t) { l.push(t); break } } }
        self.shared.injected.store(l.len, Relaxed);
        Some(first)
    }
    fn steal(&self) -> Option<NonNull<Header>> {
        let own = &self.shared.rings[self.index];
        let n = self.shared.rings.len();
        for i in 1..n {
            if self.shared.rings[(self.index + i) % n].steal_into(own) { return own.pop() }
        }
        self.injected(ring::ROOM / 2)
    }
    fn run(&self) {
        CURRENT.set(self);
        let own = &self.shared.rings[self.index];
        let mut searching = false;
        while !self.shared.closed.load(Relaxed) {
            let tick = self.tick.get().wrapping_add(1);
            self.tick.set(tick);
            let next = if tick % 61 == 0 { self.injected(0) } else { None };
            let Some(task) = next.or_else(|| own.pop()).or_else(|| self.injected(ring::ROOM / 2)) else {
                if !searching { searching = self.shared.idle.search() }
                if searching && let Some(task) = self.steal() { self.shared.idle.found(); searching = false; self.task(task); continue }
                searching = self.shared.idle.sleep(self.index, searching, || self.shared.work());
                continue;
            };
            if searching { searching = false; self.shared.idle.found() }
            self.task(task);
        }
        CURRENT.set(ptr::null());
    }
    #[inline]
    fn task(&self, task: NonNull<Header>) {
        let h = unsafe { task.as_ref() };
        if !self.shared.rings[self.index].is_empty() { self.shared.idle.notify() }
        match h.state.start() {
            Start::Poll => {
                if heard() { emit() }
                if !unsafe { (h.vtable.get().unwrap_unchecked().poll)(task) } && let Pause::Queue = h.state.pause() { self.push(task) }
                if heard() { emit() }
            }
            Start::Drop => unsafe { (h.vtable.get().unwrap_unchecked().drop_future)(task) },
        }
    }
}
struct Unpark(Unparker);
impl StdWake for Unpark { fn wake(self: Arc<Self>) { self.0.unpark() } fn wake_by_ref(self: &Arc<Self>) { self.0.unpark() } }
thread_local! { static PARKER: (Arc<Unpark>, Waker) = { let u = Arc::new(Unpark(Unparker::new())); (u.clone(), u.into()) }; }

impl Pool {
    pub fn new(workers: usize) -> Self {
        let list = List { head: ptr::null_mut(), tail: ptr::null_mut(), len: 0 };
        let shared = Arc::new(Shared { rings: (0..workers).map(|_| Ring::new()).collect(), slabs: (0..workers).map(|_| Slab::new()).collect(), outside: Slab::new(), injector: Mutex::new(list), injected: AtomicUsize::new(0), idle: Idle::new(workers), closed: AtomicBool::new(false) });
        let threads = (0..workers).map(|index| { let shared = shared.clone(); thread::spawn(move || { let _ = shared.idle.unparkers[index].set(Unparker::new()); Worker { shared, index, tick: Cell::new(0) }.run() }) }).collect();
        while shared.idle.unparkers.iter().any(|u| u.get().is_none()) { thread::yield_now() }
        Pool { shared, threads }
    }
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, f: F) -> JoinHandle<F::Output> { spawn_on(&self.shared, f) }
    pub fn block_on<F: Future>(&self, f: F) -> F::Output {
        let mut f = pin!(f);
        PARKER.with(|(u, waker)| {
            let cx = &mut Context::from_waker(waker);
            loop { if let Poll::Ready(v) = f.as_mut().poll(cx) { return v } u.0.park() }
        })
    }
}
#[inline]
fn spawn_on<F: Future<Output: Send> + Send + 'static>(shared: &Shared, f: F) -> JoinHandle<F::Output> {
    let s = NonNull::from(shared);
    if heard() { emit() }
    if let Some(w) = here(shared) {
        let slab = &shared.slabs[w.index];
        let task = slab.take();
        unsafe { Of::init(task, NonNull::from(slab), s, f) };
        w.push_in_poll(task);
        return JoinHandle::new::<F>(task);
    }
    let mut l = shared.injector.lock().unwrap();
    let task = shared.outside.take();
    unsafe { Of::init(task, NonNull::from(&shared.outside), s, f) };
    l.push(task);
    shared.injected.store(l.len, Relaxed);
    drop(l);
    shared.idle.notify();
    JoinHandle::new::<F>(task)
}
impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.closed.store(true, SeqCst);
        self.shared.idle.wake_all();
        for t in self.threads.drain(..) { t.join().unwrap() }
        // The prototype leaks what is left.
        std::mem::forget(self.shared.clone());
    }
}
