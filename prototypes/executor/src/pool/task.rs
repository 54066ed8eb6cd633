//! A task of the pool.
use super::{slab::{SLOT, Slab}, words::*, Shared};
use std::{any::Any, cell::{Cell, UnsafeCell}, future::Future, marker::PhantomData, mem::{self, ManuallyDrop}, panic::{AssertUnwindSafe, catch_unwind}, pin::Pin, ptr::{self, NonNull}, task::{Context, Poll, RawWaker, RawWakerVTable, Waker}};

pub struct Vtable { pub poll: unsafe fn(NonNull<Header>) -> bool, pub drop_future: unsafe fn(NonNull<Header>) }

#[repr(C)]
pub struct Header {
    pub vtable: Cell<Option<&'static Vtable>>,
    pub next: Cell<*mut Header>,
    pub slab: NonNull<Slab>,
    pub shared: NonNull<Shared>,
    pub state: State,
    pub join: UnsafeCell<mem::MaybeUninit<Waker>>,
    pub _pad: usize,
}
pub const ROOM: usize = SLOT - mem::size_of::<Header>();
pub enum JoinError { Panicked(Box<dyn Any + Send>), Aborted }
union Body<F: Future> { future: ManuallyDrop<F>, output: ManuallyDrop<Result<F::Output, JoinError>> }
pub struct Of<F>(PhantomData<F>);

impl<F: Future> Of<F> {
    const BOXED: bool = mem::size_of::<Body<F>>() > ROOM || mem::align_of::<Body<F>>() > 16;
    const VTABLE: &'static Vtable = &Vtable { poll: Self::poll, drop_future: Self::drop_future };
    #[inline]
    unsafe fn body(task: NonNull<Header>) -> *mut Body<F> {
        let room = unsafe { task.as_ptr().add(1) };
        if Self::BOXED { unsafe { *room.cast::<*mut Body<F>>() } } else { room.cast() }
    }
    #[inline]
    pub unsafe fn init(task: NonNull<Header>, slab: NonNull<Slab>, shared: NonNull<Shared>, future: F) {
        unsafe {
            task.as_ptr().write(Header { vtable: Cell::new(Some(Self::VTABLE)), next: Cell::new(ptr::null_mut()), slab, shared, state: State::spawned(), join: UnsafeCell::new(mem::MaybeUninit::uninit()), _pad: 0 });
            let room = task.as_ptr().add(1);
            if Self::BOXED { room.cast::<*mut Body<F>>().write(Box::into_raw(Box::new(Body { future: ManuallyDrop::new(future) }))); }
            else { room.cast::<F>().write(future) }
        }
    }
    unsafe fn poll(task: NonNull<Header>) -> bool {
        let body = unsafe { Self::body(task) };
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(task.as_ptr().cast(), &WAKER)) });
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let future = unsafe { Pin::new_unchecked(&mut *(*body).future) };
            let r = future.poll(&mut Context::from_waker(&waker));
            if r.is_ready() { unsafe { ManuallyDrop::drop(&mut (*body).future) } }
            r
        }));
        let output = match polled {
            Ok(Poll::Pending) => return false,
            Ok(Poll::Ready(v)) => Ok(v),
            Err(p) => { let _ = catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut (*body).future) })); Err(JoinError::Panicked(p)) }
        };
        unsafe { Self::end(task, output) }
        true
    }
    #[inline]
    unsafe fn end(task: NonNull<Header>, output: Result<F::Output, JoinError>) {
        let header = unsafe { task.as_ref() };
        let body = unsafe { Self::body(task) };
        unsafe { ptr::write(&mut (*body).output, ManuallyDrop::new(output)); }
        match header.state.end() {
            End::Detached => drop(unsafe { Self::take(task) }),
            End::Output { joining: true } => unsafe { (*header.join.get()).assume_init_read() }.wake(),
            End::Output { .. } => {}
        }
        if header.state.leave() == After::Free { free(task) }
    }
    unsafe fn drop_future(task: NonNull<Header>) {
        let body = unsafe { Self::body(task) };
        let _ = catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut (*body).future) }));
        unsafe { Self::end(task, Err(JoinError::Aborted)) }
    }
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
pub fn free(task: NonNull<Header>) {
    let h = unsafe { task.as_ref() };
    super::give(h.slab, task);
}

static WAKER: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);
#[inline]
fn of(data: *const ()) -> NonNull<Header> { unsafe { NonNull::new_unchecked(data as *mut Header) } }
unsafe fn clone(data: *const ()) -> RawWaker { unsafe { of(data).as_ref() }.state.add_ref(); RawWaker::new(data, &WAKER) }
unsafe fn wake(data: *const ()) { unsafe { wake_by_ref(data); drop_waker(data) } }
unsafe fn wake_by_ref(data: *const ()) {
    let task = of(data);
    let h = unsafe { task.as_ref() };
    if let Wake::Queue = h.state.wake() { super::schedule(unsafe { h.shared.as_ref() }, task) }
}
unsafe fn drop_waker(data: *const ()) { let t = of(data); if unsafe { t.as_ref() }.state.drop_ref() == After::Free { free(t) } }

pub struct JoinHandle<T> { task: NonNull<Header>, take: unsafe fn(NonNull<Header>) -> Result<T, JoinError>, done: bool }
unsafe impl<T: Send> Send for JoinHandle<T> {}
impl<T> JoinHandle<T> { pub fn new<F: Future<Output = T>>(task: NonNull<Header>) -> Self { JoinHandle { task, take: Of::<F>::take, done: false } } }
impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let h = unsafe { self.task.as_ref() };
        if h.state.is_alive() {
            let slot = h.join.get();
            let mut ours = true;
            if h.state.is_joining() {
                if unsafe { (*slot).assume_init_ref() }.will_wake(cx.waker()) { return Poll::Pending }
                ours = h.state.unjoin();
                if ours { drop(unsafe { (*slot).assume_init_read() }) }
            }
            if ours {
                unsafe { (*slot).write(cx.waker().clone()) };
                if h.state.join() { return Poll::Pending }
                drop(unsafe { (*slot).assume_init_read() });
            }
        }
        self.done = true;
        Poll::Ready(unsafe { (self.take)(self.task) })
    }
}
impl<T> Drop for JoinHandle<T> {
    #[inline]
    fn drop(&mut self) {
        let h = unsafe { self.task.as_ref() };
        if !self.done {
            if h.state.is_joining() && h.state.unjoin() { drop(unsafe { (*h.join.get()).assume_init_read() }) }
            let (output, after) = h.state.drop_handle();
            if !output { if after == After::Free { free(self.task) } return }
            drop(unsafe { (self.take)(self.task) });
        }
        if h.state.forget() == After::Free { free(self.task) }
    }
}
impl<T> Unpin for JoinHandle<T> {}
