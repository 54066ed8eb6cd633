pub mod shared; pub mod slab; pub mod task; pub mod words;
use std::{cell::Cell, future::Future, pin::pin, ptr::NonNull, task::{Context, Poll, Waker}, mem::ManuallyDrop};
use shared::Shared; use task::*; use words::*;
use tracing::level_filters::LevelFilter;

thread_local! { static CURRENT: Cell<Option<NonNull<Shared>>> = const { Cell::new(None) }; }

pub struct LocalExecutor { shared: NonNull<Shared>, root: NonNull<Header>, }

#[inline]
fn heard() -> bool { LevelFilter::current() == LevelFilter::TRACE }
#[cold] #[inline(never)]
fn emit() { tracing::trace!("x") }

impl LocalExecutor {
    pub fn new() -> Self {
        let shared = Shared::new();
        let root = unsafe { shared.as_ref() }.slot();
        unsafe { Of::init(root, shared, std::future::pending::<()>()) }
        let h = unsafe { root.as_ref() };
        let _ = h.local.release(QUEUED, &h.remote);
        LocalExecutor { shared, root }
    }
    #[inline]
    pub fn spawn<F: Future + 'static>(&self, f: F) -> JoinHandle<F::Output> { spawn_on(unsafe { self.shared.as_ref() }, f) }
    pub fn block_on<F: Future>(&self, f: F) -> F::Output {
        let shared = unsafe { self.shared.as_ref() };
        let last = CURRENT.replace(Some(self.shared));
        struct Reset(Option<NonNull<Shared>>);
        impl Drop for Reset { fn drop(&mut self) { CURRENT.set(self.0) } }
        let _r = Reset(last);
        assert!(last.is_none());
        let mut f = pin!(f);
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw(self.root)) });
        let cx = &mut Context::from_waker(&waker);
        if let Poll::Ready(v) = f.as_mut().poll(cx) { return v }
        let mut n = 0;
        loop {
            let Some(task) = shared.pop() else {
                if !shared.drain() { shared.unparker.park(); }
                continue;
            };
            if task == self.root {
                let h = unsafe { task.as_ref() };
                h.local.clear(QUEUED);
                if let Poll::Ready(v) = f.as_mut().poll(cx) { return v }
            } else { run(task) }
            n += 1;
            if n == 61 { n = 0; shared.drain(); }
        }
    }
}
#[inline]
fn run(task: NonNull<Header>) {
    let h = unsafe { task.as_ref() };
    h.local.clear(QUEUED);
    if h.local.has(ALIVE) && !h.local.has(ABORTED) {
        if heard() { emit() }
        unsafe { (h.vtable.get().unwrap_unchecked().poll)(task) };
        if heard() { emit() }
    } else { cold(task) }
}
#[cold]
fn cold(task: NonNull<Header>) {
    let h = unsafe { task.as_ref() };
    if h.local.has(ALIVE) { unsafe { (h.vtable.get().unwrap().drop_future)(task) } } else { release(task, QUEUED) }
}
#[inline]
fn spawn_on<F: Future + 'static>(shared: &Shared, f: F) -> JoinHandle<F::Output> {
    let task = shared.slot();
    unsafe { Of::init(task, NonNull::from(shared), f) };
    if heard() { emit() }
    shared.push(task);
    JoinHandle::new::<F>(task)
}
#[inline]
pub fn spawn_local<F: Future + 'static>(f: F) -> JoinHandle<F::Output> {
    let s = CURRENT.get().expect("inside an executor");
    spawn_on(unsafe { s.as_ref() }, f)
}
