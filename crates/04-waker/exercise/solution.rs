//! A solution of the exercise.

#![allow(unsafe_code)]

use std::{
    future::Future,
    mem::ManuallyDrop,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker},
};

/// How often its wakers were woken.
#[derive(Default)]
pub struct Counter {
    woken: AtomicUsize,
}

impl Counter {
    /// How often that was.
    pub fn woken(&self) -> usize {
        self.woken.load(Relaxed)
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);

/// A waker that counts how often it is woken.
pub fn counting_waker(counter: Arc<Counter>) -> Waker {
    // SAFETY: the functions of the table keep the promises of `RawWakerVTable`, and a `Counter` may
    // be used on any thread.
    unsafe { Waker::new(Arc::into_raw(counter).cast(), &TABLE) }
}

/// Retains.
///
/// # Safety
///
/// `data` is that of a waker of [`counting_waker`].
unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: it came from `Arc::into_raw`, and the waker that is cloned has a share.
    unsafe { Arc::increment_strong_count(data.cast::<Counter>()) };
    RawWaker::new(data, &TABLE)
}

/// Releases.
///
/// # Safety
///
/// `data` is that of a waker of [`counting_waker`], which is not used again.
unsafe fn release(data: *const ()) {
    // SAFETY: it came from `Arc::into_raw`, and the waker that is dropped gives its share back.
    unsafe { Arc::decrement_strong_count(data.cast::<Counter>()) };
}

/// Counts, and releases.
///
/// # Safety
///
/// As [`release`].
unsafe fn wake(data: *const ()) {
    // SAFETY: it came from `Arc::into_raw`, and the waker's share becomes this one's.
    let counter = unsafe { Arc::from_raw(data.cast::<Counter>()) };
    counter.woken.fetch_add(1, Relaxed);
}

/// Counts.
///
/// # Safety
///
/// As [`clone`].
unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: it came from `Arc::into_raw`, and the waker keeps its share.
    let counter = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Counter>()) });
    counter.woken.fetch_add(1, Relaxed);
}

/// A wake calls the function.
pub struct OnWake<F>(pub F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        (self.0)();
    }
}

/// A place for one waker.
#[derive(Default)]
pub struct Place {
    waker: Mutex<Option<Waker>>,
}

impl Place {
    /// Keeps a clone of the waker in the place of the last one.
    pub fn register(&self, waker: &Waker) {
        let waker = waker.clone();
        let last = self.lock().replace(waker);
        drop(last);
    }

    /// Wakes the waker that is kept, if there is one, which is gone then.
    pub fn wake(&self) {
        let waker = self.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Lets go of the waker that is kept.
    pub fn clear(&self) {
        let waker = self.lock().take();
        drop(waker);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Happens once; one task may wait for it.
#[derive(Default)]
pub struct Event {
    happened: AtomicBool,
    place: Place,
}

impl Event {
    /// It happens now, and wakes who waits.
    pub fn set(&self) {
        self.happened.store(true, Release);
        self.place.wake();
    }

    /// Ready once it has happened.
    pub fn poll_wait(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.place.register(cx.waker());
        if self.happened.load(Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// What the two ends of a channel share.
struct Shared<T> {
    state: Mutex<State<T>>,
    receiver: Place,
}

/// What has become of the value.
enum State<T> {
    Nothing,
    Sent(T),
    /// There is no value, and there will be none: it was taken, or one of the ends has gone.
    Over,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends one value.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// Is ready with the value.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
}

/// A channel for one value.
pub fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared { state: Mutex::new(State::Nothing), receiver: Place::default() });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

impl<T> Sender<T> {
    /// Hands the value over, and wakes who waits for it.
    ///
    /// # Errors
    ///
    /// The value, if the receiver has gone.
    pub fn send(self, value: T) -> Result<(), T> {
        let mut state = self.shared.lock();
        if matches!(*state, State::Over) {
            return Err(value);
        }
        *state = State::Sent(value);
        drop(state);
        self.shared.receiver.wake();
        Ok(())
    }
}

/// The sender has gone, and there is no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HungUp;

impl<T> Future for Receiver<T> {
    type Output = Result<T, HungUp>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.shared.receiver.register(cx.waker());
        let mut state = self.shared.lock();
        match std::mem::replace(&mut *state, State::Over) {
            State::Sent(value) => Poll::Ready(Ok(value)),
            State::Over => Poll::Ready(Err(HungUp)),
            State::Nothing => {
                *state = State::Nothing;
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let hangs_up = matches!(*state, State::Nothing);
        if hangs_up {
            *state = State::Over;
        }
        drop(state);
        if hangs_up {
            self.shared.receiver.wake();
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut *self.shared.lock(), State::Over);
        drop(state);
        self.shared.receiver.clear();
    }
}
