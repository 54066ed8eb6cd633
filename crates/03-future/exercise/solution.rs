//! A solution of the exercise.
#![forbid(unsafe_code)]

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use pin_project::pin_project;

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
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

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
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

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
        let mut shared = lock(&self.shared);
        shared.set = true;
        let waker = shared.waker.take();
        drop(shared);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Event {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut shared = lock(&self.shared);
        let last = shared.waker.replace(waker);
        let set = shared.set;
        drop(shared);
        drop(last);
        if set { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        let last = lock(&self.shared).waker.take();
        drop(last);
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

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
        let this = self.project();
        let output = ready!(this.future.poll(cx));
        let map = this.map.take().expect("polled after it was ready");
        Poll::Ready(map(output))
    }
}

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
        let this = self.project();
        if this.a_gave.is_none()
            && let Poll::Ready(output) = this.a.poll(cx)
        {
            *this.a_gave = Some(output);
        }
        if this.b_gave.is_none()
            && let Poll::Ready(output) = this.b.poll(cx)
        {
            *this.b_gave = Some(output);
        }
        match (this.a_gave.take(), this.b_gave.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (*this.a_gave, *this.b_gave) = (a, b);
                Poll::Pending
            }
        }
    }
}

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
        let this = self.project();
        if let Poll::Ready(output) = this.a.poll(cx) {
            return Poll::Ready(Either::Left(output));
        }
        this.b.poll(cx).map(Either::Right)
    }
}

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
    match select(future, limit).await {
        Either::Left(output) => Ok(output),
        Either::Right(()) => Err(Elapsed),
    }
}
