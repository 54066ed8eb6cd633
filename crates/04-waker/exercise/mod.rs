//! Your wakers, and what stands on them, in eight steps.
//! `cargo test -p waker --test exercise step-1` tells how far step 1 is, and without a step how far
//! all are. You may change whatever you like but the names and arguments of the `pub` items,
//! through which the checks reach your code. Unsafe code is needed in the first two steps, and
//! nowhere else.

#![allow(unsafe_code)]
// While something is missing, something else is not used yet. Take this line out when the last step
// is written.
#![allow(unused)]

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

// -------------------------------------------------------------------------------------------------
// Step 1: a waker by hand, as far as it is only kept. Then passes: V1.

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
    todo!(
        "step 1: Arc::into_raw(counter).cast() is the data, and Waker::new takes it and the &TABLE; say why it is safe"
    )
}

/// Retains.
///
/// # Safety
///
/// `data` is that of a waker of [`counting_waker`].
unsafe fn clone(data: *const ()) -> RawWaker {
    todo!("step 1: there is one waker more: Arc::increment_strong_count; then RawWaker::new with the same data")
}

/// Releases.
///
/// # Safety
///
/// `data` is that of a waker of [`counting_waker`], which is not used again.
unsafe fn release(data: *const ()) {
    todo!("step 1: there is one waker less: Arc::decrement_strong_count")
}

// -------------------------------------------------------------------------------------------------
// Step 2: and it is woken. Then pass: B1 B2 B3 B4 B5.

/// Counts, and releases.
///
/// # Safety
///
/// As [`release`].
unsafe fn wake(data: *const ()) {
    todo!("step 2: the waker is consumed: Arc::from_raw gives you its share, which goes at the end of the function")
}

/// Counts.
///
/// # Safety
///
/// As [`clone`].
unsafe fn wake_by_ref(data: *const ()) {
    todo!("step 2: the waker keeps its share: let no Arc of it be dropped here; ManuallyDrop is for that")
}

// -------------------------------------------------------------------------------------------------
// Step 3: the same without unsafe code. Then pass: B1 B2 B3 B5.

/// A wake calls the function.
pub struct OnWake<F>(pub F);

impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        todo!("step 3: call the function that is in self.0")
    }

    fn wake_by_ref(self: &Arc<Self>) {
        todo!("step 3: the same, without another Arc")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 4: a place for one waker. Then passes: V1.

/// A place for one waker.
#[derive(Default)]
pub struct Place {
    waker: Mutex<Option<Waker>>,
}

impl Place {
    /// Keeps a clone of the waker in the place of the last one.
    pub fn register(&self, waker: &Waker) {
        todo!("step 4: clone before the lock, and drop the last one after it: both may run anybody's code")
    }

    /// Wakes the waker that is kept, if there is one, which is gone then.
    pub fn wake(&self) {
        todo!("step 4: take it out, and wake it when the lock is gone; `if let` on the locked value keeps the lock")
    }

    /// Lets go of the waker that is kept.
    pub fn clear(&self) {
        todo!("step 4: take it out, and drop it when the lock is gone")
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// -------------------------------------------------------------------------------------------------
// Step 5: register, then check. Then pass: A1 A2 A3 A4 A5 A10 A11 V1.

/// Happens once; one task may wait for it.
#[derive(Default)]
pub struct Event {
    happened: AtomicBool,
    place: Place,
}

impl Event {
    /// It happens now, and wakes who waits.
    pub fn set(&self) {
        todo!("step 5: first it has happened, and then comes the wake")
    }

    /// Ready once it has happened.
    pub fn poll_wait(&self, cx: &mut Context<'_>) -> Poll<()> {
        todo!("step 5: first the waker is there, and then you look; the other way round A3 finds the gap")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 6: a value comes with the event. Then pass: A2 A3 A4 A5 A10 A11 V1.

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
        todo!("step 6: Over gives the value back; else it is Sent, and the receiver is woken when the lock is gone")
    }
}

/// The sender has gone, and there is no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HungUp;

impl<T> Future for Receiver<T> {
    type Output = Result<T, HungUp>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("step 6: register, then look: mem::replace(&mut *state, State::Over) takes the value out")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 7: the sender goes without sending. Then pass: A2 A3 V1.
//
// Whoever waits would wait for ever. Write an `impl Drop for Sender` that makes `Nothing` to
// `Over`, and wakes the receiver. It runs at the end of `send` too, and must not disturb what was
// sent.

// -------------------------------------------------------------------------------------------------
// Step 8: the receiver goes. Then pass: A7 V1.
//
// The sender keeps the waker alive, and with it a whole task. Write an `impl Drop for Receiver`
// that clears the place, makes the state `Over`, and drops a value that nobody has taken, when the
// lock is gone.
