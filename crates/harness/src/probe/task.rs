//! A future that a test polls by hand, with a waker that records its wakes.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::WakerProbe;

/// A future with its own waker. The test decides when to poll it.
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
    /// The first field is dropped first: when the future drops its wakers, the task still has its
    /// own.
    future: Pin<Box<F>>,
    waker: Waker,
    probe: WakerProbe,
    /// The number of wakes when the last poll began.
    woken_before: usize,
}

impl<F: Future> Task<F> {
    /// A task that has not been polled.
    pub fn new(future: F) -> Self {
        Task::from(Box::pin(future))
    }
}

impl<F: Future + ?Sized> Task<F> {
    /// Replaces the task's waker by one of this probe.
    #[must_use]
    pub fn with(self, probe: &WakerProbe) -> Self {
        Task { waker: probe.waker(), probe: probe.clone(), woken_before: probe.woken(), ..self }
    }

    /// Polls the future once, with the task's own waker.
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.woken_before = self.probe.woken();
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }

    /// Polls the future once, with another waker.
    pub fn poll_with(&mut self, waker: &Waker) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Polls the future once, with the task's own waker.
    ///
    /// # Panics
    ///
    /// If the future is ready.
    #[track_caller]
    pub fn assert_pending(&mut self) {
        assert!(self.poll().is_pending(), "ready, and should be pending");
    }

    /// Polls the future once, with the task's own waker, and returns its output.
    ///
    /// # Panics
    ///
    /// If the future is pending.
    #[track_caller]
    pub fn assert_ready(&mut self) -> F::Output {
        match self.poll() {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("pending, and should be ready"),
        }
    }

    /// Whether the task was woken since its last poll began. If so, an executor would poll it
    /// again.
    pub fn is_woken(&self) -> bool {
        self.probe.woken() > self.woken_before
    }

    /// The number of clones of the task's waker. With 0 clones, nothing can wake the task.
    pub fn kept_wakers(&self) -> usize {
        self.probe.live() - 1
    }

    /// The probe, which counts the operations on the task's waker.
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
