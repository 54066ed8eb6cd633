//! A task.
use super::{shared::Shared, slab::SLOT, words::{self, *}};
use std::{any::Any, cell::{Cell, UnsafeCell}, future::Future, marker::PhantomData, mem::{self, ManuallyDrop}, panic::{AssertUnwindSafe, catch_unwind}, pin::Pin, ptr::{self, NonNull}, sync::atomic::AtomicPtr, task::{Context, Poll, RawWaker, RawWakerVTable, Waker}};

pub struct Vtable {
    pub poll: unsafe fn(NonNull<Header>),
    pub drop_future: unsafe fn(NonNull<Header>),
    pub drop_output: unsafe fn(NonNull<Header>),
}

#[repr(C)]
pub struct Header {
    pub vtable: Cell<Option<&'static Vtable>>,
    pub next: Cell<*mut Header>,
    pub shared: NonNull<Shared>,
    pub remote_next: AtomicPtr<Header>,
    pub local: Local,
    pub remote: Remote,
    pub join: UnsafeCell<Option<Waker>>,
}

pub const ROOM: usize = SLOT - mem::size_of::<Header>();

pub enum JoinError { Panicked(Box<dyn Any + Send>), Aborted }

union Body<F: Future> { future: ManuallyDrop<F>, output: ManuallyDrop<Result<F::Output, JoinError>> }

pub struct Of<F>(PhantomData<F>);

impl<F: Future> Of<F> {
    const BOXED: bool = mem::size_of::<Body<F>>() > ROOM || mem::align_of::<Body<F>>() > 16;
    const VTABLE: &'static Vtable = &Vtable { poll: Self::poll, drop_future: Self::drop_future, drop_output: Self::drop_output };

    #[inline]
    unsafe fn body(task: NonNull<Header>) -> *mut Body<F> {
        let room = unsafe { task.as_ptr().add(1) };
        if Self::BOXED { unsafe { *room.cast::<*mut Body<F>>() } } else { room.cast() }
    }
    #[inline]
    pub unsafe fn init(task: NonNull<Header>, shared: NonNull<Shared>, future: F) {
        unsafe {
            task.as_ptr().write(Header { vtable: Cell::new(Some(Self::VTABLE)), next: Cell::new(ptr::null_mut()), shared, remote_next: AtomicPtr::new(ptr::null_mut()), local: Local::new(ALIVE | HANDLE | QUEUED), remote: Remote::new(), join: UnsafeCell::new(None) });
            let room = task.as_ptr().add(1);
            if Self::BOXED { room.cast::<*mut Body<F>>().write(Box::into_raw(Box::new(Body { future: ManuallyDrop::new(future) }))); }
            else { room.cast::<F>().write(future) }
        }
    }
    unsafe fn poll(task: NonNull<Header>) {
        let body = unsafe { Self::body(task) };
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw(task)) });
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let future = unsafe { Pin::new_unchecked(&mut *(*body).future) };
            let r = future.poll(&mut Context::from_waker(&waker));
            if r.is_ready() { unsafe { ManuallyDrop::drop(&mut (*body).future) } }
            r
        }));
        let output = match polled {
            Ok(Poll::Pending) => return,
            Ok(Poll::Ready(v)) => Ok(v),
            Err(p) => { let _ = catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut (*body).future) })); Err(JoinError::Panicked(p)) }
        };
        unsafe { Self::end(task, output) }
    }
    #[inline]
    unsafe fn end(task: NonNull<Header>, output: Result<F::Output, JoinError>) {
        let header = unsafe { task.as_ref() };
        let body = unsafe { Self::body(task) };
        if header.local.has(HANDLE) {
            unsafe { ptr::write(&mut (*body).output, ManuallyDrop::new(output)); }
            header.local.set(OUTPUT);
            if let Some(w) = unsafe { (*header.join.get()).take() } { w.wake() }
        } else {
            if Self::BOXED { drop(unsafe { Box::from_raw(body) }); }
            drop(output);
        }
        release(task, ALIVE);
    }
    unsafe fn drop_future(task: NonNull<Header>) {
        let body = unsafe { Self::body(task) };
        let _ = catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut (*body).future) }));
        unsafe { Self::end(task, Err(JoinError::Aborted)) }
    }
    unsafe fn drop_output(task: NonNull<Header>) { drop(unsafe { Self::take(task) }) }
    #[inline]
    unsafe fn take(task: NonNull<Header>) -> Result<F::Output, JoinError> {
        unsafe {
            let body = Self::body(task);
            let o = ptr::read(&(*body).output);
            if Self::BOXED { drop(Box::from_raw(body)); }
            ManuallyDrop::into_inner(o)
        }
    }
}

#[inline]
pub fn release(task: NonNull<Header>, flag: u32) {
    let h = unsafe { task.as_ref() };
    if h.local.release(flag, &h.remote) == After::Free { unsafe { h.shared.as_ref() }.free_here(task) }
}

static WAKER: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

pub fn raw(task: NonNull<Header>) -> RawWaker { RawWaker::new(task.as_ptr().cast(), &WAKER) }

#[inline]
fn of(data: *const ()) -> NonNull<Header> { unsafe { NonNull::new_unchecked(data as *mut Header) } }

unsafe fn clone(data: *const ()) -> RawWaker {
    let h = unsafe { of(data).as_ref() };
    if unsafe { h.shared.as_ref() }.is_owner() { h.local.add_ref(&h.remote) } else { h.remote.add_ref() }
    RawWaker::new(data, &WAKER)
}
unsafe fn wake(data: *const ()) {
    unsafe { wake_by_ref(data); drop_waker(data) }
}
unsafe fn wake_by_ref(data: *const ()) {
    let task = of(data);
    let h = unsafe { task.as_ref() };
    let shared = unsafe { h.shared.as_ref() };
    if shared.is_owner() {
        if h.local.wake() { shared.push(task) }
    } else { wake_remote(task) }
}
#[cold]
fn wake_remote(task: NonNull<Header>) {
    let h = unsafe { task.as_ref() };
    if h.remote.wake() {
        h.remote.add_ref();
        unsafe { h.shared.as_ref() }.push_remote(task);
    }
}
unsafe fn drop_waker(data: *const ()) {
    let task = of(data);
    let h = unsafe { task.as_ref() };
    let shared = unsafe { h.shared.as_ref() };
    if shared.is_owner() {
        if h.local.drop_ref(&h.remote) == After::Free { shared.free_here(task) }
    } else if h.remote.drop_ref() == After::Free { shared.free_elsewhere(task) }
}

pub struct JoinHandle<T> { pub task: NonNull<Header>, pub take: unsafe fn(NonNull<Header>) -> Result<T, JoinError> }
impl<T> JoinHandle<T> {
    pub fn new<F: Future<Output = T>>(task: NonNull<Header>) -> Self { JoinHandle { task, take: Of::<F>::take } }
}
impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;
    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let h = unsafe { self.task.as_ref() };
        if h.local.has(OUTPUT) {
            h.local.clear(OUTPUT);
            return Poll::Ready(unsafe { (self.take)(self.task) });
        }
        let slot = h.join.get();
        if unsafe { &*slot }.as_ref().is_some_and(|w| w.will_wake(cx.waker())) { return Poll::Pending }
        let new = Some(cx.waker().clone());
        let old = mem::replace(unsafe { &mut *slot }, new);
        drop(old);
        Poll::Pending
    }
}
impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        let h = unsafe { self.task.as_ref() };
        if h.local.has(OUTPUT) { h.local.clear(OUTPUT); unsafe { (h.vtable.get().unwrap_unchecked().drop_output)(self.task) } }
        drop(unsafe { (*h.join.get()).take() });
        release(self.task, HANDLE);
    }
}
impl<T> Unpin for JoinHandle<T> {}
