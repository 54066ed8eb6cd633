//! A future around a future, which reports every poll and hands down a waker that reports every
//! use.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::{Context, Poll},
};

use pin_project::{pin_project, pinned_drop};
use tracing::{Level, enabled, trace};

use crate::{
    event::TARGET,
    waker::{Generations, lend},
};

static TASKS: AtomicU64 = AtomicU64::new(1);

/// Reports what happens to a future, as a task with a number and a name, while a recording runs;
/// else it only passes on. What the future and its runtime do is the same with it and without it.
///
/// It is [`Send`], [`Sync`] and [`Unpin`] exactly if the future is:
///
/// ```compile_fail,E0277
/// fn spawn(_: impl Send) {}
/// let shared = std::rc::Rc::new(1);
/// spawn(timeline::Traced::new("shared", async move { *shared }));
/// ```
#[derive(Debug)]
#[pin_project(PinnedDrop)]
pub struct Traced<F> {
    #[pin]
    future: F,
    task: u64,
    polls: u64,
    wakers: Generations,
}

impl<F> Traced<F> {
    /// Wraps a future. Its task gets the next number in this process, from 1 on, and this is the
    /// task's `spawn`.
    pub fn new(name: impl AsRef<str>, future: F) -> Self {
        let task = TASKS.fetch_add(1, Relaxed);
        trace!(target: TARGET, event = "spawn", task, name = name.as_ref());
        Traced { future, task, polls: 0, wakers: Generations::new(task) }
    }

    /// The number of its task.
    pub fn task(&self) -> u64 {
        self.task
    }
}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if !enabled!(target: TARGET, Level::TRACE) {
            return this.future.poll(context);
        }
        *this.polls += 1;
        let (task, n) = (*this.task, *this.polls);
        let handed = this.wakers.for_poll(context.waker());
        trace!(target: TARGET, event = "poll", task, n, waker = handed.number());
        let unwinding = OnUnwind { task, n };
        let polled = lend(handed, |waker| this.future.poll(&mut Context::from_waker(waker)));
        mem::forget(unwinding);
        match polled {
            Poll::Pending => trace!(target: TARGET, event = "pending", task, n),
            Poll::Ready(_) => trace!(target: TARGET, event = "ready", task, n),
        }
        polled
    }
}

#[pinned_drop]
impl<F> PinnedDrop for Traced<F> {
    fn drop(self: Pin<&mut Self>) {
        trace!(target: TARGET, event = "drop", task = self.task);
    }
}

/// Dropped only when a poll unwinds.
struct OnUnwind {
    task: u64,
    n: u64,
}

impl Drop for OnUnwind {
    fn drop(&mut self) {
        trace!(target: TARGET, event = "panic", task = self.task, n = self.n);
    }
}
