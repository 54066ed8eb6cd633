//! A future that a test polls by hand, and whether anybody has woken it.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::WakerProbe;

/// A future with a waker of its own, polled when the test says so.
///
/// ```
/// use harness::probe::Task;
/// use std::{sync::mpsc, future::poll_fn, task::Poll};
///
/// let mut left = 1;
/// let mut task = Task::new(poll_fn(move |cx| {
///     if left == 0 { return Poll::Ready("done"); }
///     left -= 1;
///     cx.waker().wake_by_ref();
///     Poll::Pending
/// }));
/// task.assert_pending();
/// assert!(task.is_woken());
/// assert_eq!(task.assert_ready(), "done");
/// ```
pub struct Task<F: ?Sized> {
    /// Dropped first: what it does with its waker is done before the task's own is dropped.
    future: Pin<Box<F>>,
    waker: Waker,
    probe: WakerProbe,
    /// How often it had been woken when the last poll began.
    woken_before: usize,
}

impl<F: Future> Task<F> {
    /// A task that has not been polled.
    pub fn new(future: F) -> Self {
        Task::from(Box::pin(future))
    }
}

impl<F: Future + ?Sized> Task<F> {
    /// The same task, polled with the wakers of this probe from now on.
    #[must_use]
    pub fn with(self, probe: &WakerProbe) -> Self {
        Task { waker: probe.waker(), probe: probe.clone(), woken_before: probe.woken(), ..self }
    }

    /// Polls it once, with its own waker.
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.woken_before = self.probe.woken();
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }

    /// Polls it once, with another waker.
    pub fn poll_with(&mut self, waker: &Waker) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Polls it once; it must be pending.
    ///
    /// # Panics
    ///
    /// If it is ready.
    #[track_caller]
    pub fn assert_pending(&mut self) {
        assert!(self.poll().is_pending(), "ready, and should be pending");
    }

    /// Polls it once; it must be ready.
    ///
    /// # Panics
    ///
    /// If it is pending.
    #[track_caller]
    pub fn assert_ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("pending, and should be ready"),
        }
    }

    /// Whether it was woken since its last poll began: whether an executor would poll it again.
    pub fn is_woken(&self) -> bool {
        self.probe.woken() > self.woken_before
    }

    /// How many clones of its waker exist: 0 means that nobody can wake it.
    pub fn kept_wakers(&self) -> usize {
        self.probe.live() - 1
    }

    /// What knows all that was done with its waker.
    pub fn probe(&self) -> &WakerProbe {
        &self.probe
    }

    /// The future.
    pub fn future(&self) -> &F {
        &self.future
    }
}

impl<F: Future + ?Sized> From<Pin<Box<F>>> for Task<F> {
    fn from(future: Pin<Box<F>>) -> Self {
        let probe = WakerProbe::new();
        Task { future, waker: probe.waker(), probe, woken_before: 0 }
    }
}

impl<F: ?Sized> fmt::Debug for Task<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("waker", &self.probe).finish_non_exhaustive()
    }
}
