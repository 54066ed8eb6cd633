//! Your futures, in eight steps. `cargo test -p future --test exercise step-1` tells how far step 1
//! is, and without a step how far all are. You may change whatever you like but the names and
//! arguments of the `pub` items, through which the checks reach your code. Nothing here needs
//! unsafe code.
#![forbid(unsafe_code)]
// While something is missing, something else is not used yet. Take this line out when the last step
// is written.
#![allow(unused)]

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use pin_project::pin_project;

// -------------------------------------------------------------------------------------------------
// Step 1: not yet. Then pass: A1 A2 A4 V1.

/// Pending a number of times, and ready at the next poll.
pub struct Countdown {
    left: u32,
}

impl Countdown {
    /// Will be pending `steps` times.
    pub fn new(steps: u32) -> Self {
        Countdown { left: steps }
    }
}

impl Future for Countdown {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        todo!("step 1: count down; before each Pending cx.waker().wake_by_ref(), or nobody polls it again")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 2: step aside once. Then pass: A1 A2 A4 V1.

/// Pending at its first poll, and ready at the second.
pub struct YieldNow {
    yielded: bool,
}

/// Lets the other tasks go first.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        todo!("step 2: the field remembers whether it has stepped aside; and who wakes it?")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 3: an event on another thread. Then pass: A1 A2 A3 A4 A5 A10 A11 A14 V1.

/// Ready once its [`Trigger`] has been set. If that is dropped unset, it waits for ever.
pub struct Event {
    shared: Arc<Mutex<Shared>>,
}

/// Makes its [`Event`] happen, on whatever thread.
pub struct Trigger {
    shared: Arc<Mutex<Shared>>,
}

/// What the two have in common.
#[derive(Default)]
struct Shared {
    set: bool,
    waker: Option<Waker>,
}

/// An event that has not happened, and what makes it happen.
pub fn event() -> (Trigger, Event) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    (Trigger { shared: Arc::clone(&shared) }, Event { shared })
}

impl Trigger {
    /// Makes the event happen, and wakes whoever waits for it.
    pub fn set(self) {
        todo!("step 3: set it under the lock, and take the waker out; wake it when the lock is gone, or A10 fails")
    }
}

impl Future for Event {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        todo!(
            "step 3: clone the waker, lock, keep it in the place of the last one, look; drop that one without the lock"
        )
    }
}

// -------------------------------------------------------------------------------------------------
// Step 4: cancelled. Then passes: A7.
//
// Whoever drops an `Event` cancels it. But its waker is still in `Shared`, which the `Trigger`
// keeps alive, and with the waker a whole task. Write an `impl Drop for Event` that takes it out,
// and drops it without the lock.

// -------------------------------------------------------------------------------------------------
// Step 5: a future around a future. Then pass: A1 A2 A3 A4 A7 A12 A13 V1.

/// Ready when its future is, with what a function makes of the output.
#[pin_project]
pub struct Map<F, M> {
    #[pin]
    future: F,
    map: Option<M>,
}

/// Makes a [`Map`].
pub fn map<F, M, T>(future: F, map: M) -> Map<F, M>
where
    F: Future,
    M: FnOnce(F::Output) -> T,
{
    Map { future, map: Some(map) }
}

impl<F, M, T> Future for Map<F, M>
where
    F: Future,
    M: FnOnce(F::Output) -> T,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        todo!("step 5: self.project() gives a Pin<&mut F> and a &mut Option<M>; hand down your own cx")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 6: two at once. Then pass: A1 A2 A3 A4 A7 A12 A13 A15 V1.

/// Ready when both of its futures are, with both outputs.
#[pin_project]
pub struct Join<A: Future, B: Future> {
    #[pin]
    a: A,
    #[pin]
    b: B,
    /// The output of `a`, once it has come. Whoever is ready must not be polled again.
    a_gave: Option<A::Output>,
    b_gave: Option<B::Output>,
}

/// Makes a [`Join`].
pub fn join<A: Future, B: Future>(a: A, b: B) -> Join<A, B> {
    Join { a, b, a_gave: None, b_gave: None }
}

impl<A: Future, B: Future> Future for Join<A, B> {
    type Output = (A::Output, B::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!(
            "step 6: poll each whose output has not come, also if the other one is pending; then look for both outputs"
        )
    }
}

// -------------------------------------------------------------------------------------------------
// Step 7: whichever comes first. Then pass: A1 A2 A3 A4 A7 A12 A13 A15 V1.

/// What came first.
#[derive(Debug, Eq, PartialEq)]
pub enum Either<A, B> {
    /// The output of the first future.
    Left(A),
    /// The output of the second future.
    Right(B),
}

/// Ready as soon as one of its futures is. If both are, the left one wins.
#[pin_project]
pub struct Select<A, B> {
    #[pin]
    a: A,
    #[pin]
    b: B,
}

/// Makes a [`Select`].
pub fn select<A: Future, B: Future>(a: A, b: B) -> Select<A, B> {
    Select { a, b }
}

impl<A: Future, B: Future> Future for Select<A, B> {
    type Output = Either<A::Output, B::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        todo!("step 7: poll the left one; only if that is pending, the right one, so that both have your waker")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 8: not for ever. Then pass: A1 A2 A3 A4 A7 A12 A13 A15 V1.

/// The limit came first.
#[derive(Debug, Eq, PartialEq)]
pub struct Elapsed;

/// What `future` gives, unless `limit` is ready before: an [`Event`], say, that some thread sets
/// after a while.
///
/// # Errors
///
/// [`Elapsed`], and then `future` is dropped where it stands. What is done in the last moment is
/// done.
pub async fn timeout<F: Future>(future: F, limit: impl Future<Output = ()>) -> Result<F::Output, Elapsed> {
    todo!("step 8: it is a select() of the two, and a match on what came first")
}
