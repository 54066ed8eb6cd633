//! The types that an adapter wraps around its executor's join handles and spawners, with or without
//! `Send`.

use std::{
    any::Any,
    cell::RefCell,
    collections::HashMap,
    fmt,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use super::work::{Output, Work};
use crate::run::caught::caught;

/// The outcome of a task, as its join handle reports it.
#[derive(Debug)]
pub enum End {
    /// The task finished with this result.
    Finished(Output),
    /// The task panicked.
    Panicked,
    /// The task was cancelled, or its executor was dropped.
    Cancelled,
}

impl From<Output> for End {
    fn from(output: Output) -> Self {
        End::Finished(output)
    }
}

/// A join handle: a future that is ready when its task has ended. Dropping it drops the executor's
/// own handle.
///
/// ```ignore
/// let handle = self.0.spawn(job);
/// let task = handle.abort_handle();
/// let joined = async {
///     match handle.await {
///         Ok(output) => End::Finished(output),
///         Err(error) if error.is_panic() => End::Panicked,
///         Err(_) => End::Cancelled,
///     }
/// };
/// Some(Handle::new(joined).aborted_by(move || task.abort()))
/// ```
pub struct Handle {
    /// `None` after the handle was ready.
    join: Option<Join>,
    abort: Option<Box<dyn FnOnce() + Send>>,
}

type Joining<T> = Pin<Box<T>>;

enum Join {
    Anywhere(Joining<dyn Future<Output = End> + Send>),
    Here(ThreadBound<Joining<dyn Future<Output = End>>>),
}

impl Handle {
    /// A handle that waits for `join`. That future returns the task's [`Output`], or an [`End`] if
    /// the executor also reports panics and cancellation. A panic in its poll counts as
    /// [`End::Panicked`].
    pub fn new<T: Into<End>>(join: impl Future<Output = T> + Send + 'static) -> Self {
        Handle { join: Some(Join::Anywhere(Box::pin(async { join.await.into() }))), abort: None }
    }

    /// Like [`new`](Self::new), for a handle that stays on this thread.
    pub fn local<T: Into<End>>(join: impl Future<Output = T> + 'static) -> Self {
        let join: Joining<dyn Future<Output = End>> = Box::pin(async { join.await.into() });
        Handle { join: Some(Join::Here(ThreadBound::new(join))), abort: None }
    }

    /// Adds the function that cancels the task. Leave it out if dropping the handle cancels.
    #[must_use]
    pub fn aborted_by(self, abort: impl FnOnce() + Send + 'static) -> Self {
        Handle { abort: Some(Box::new(abort)), ..self }
    }

    /// Takes the function that cancels the task, if there is one. The handle can still be joined.
    pub(crate) fn take_abort(&mut self) -> Option<Box<dyn FnOnce() + Send>> {
        self.abort.take()
    }

    /// Whether the handle can be polled on this thread only.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.join, Some(Join::Here(_)))
    }
}

impl Future for Handle {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let polled = match self.join.as_mut().expect("a check polls a handle only until it is ready") {
            Join::Anywhere(join) => caught(|| join.as_mut().poll(cx)),
            Join::Here(join) => join
                .with(|join| caught(|| join.as_mut().poll(cx)))
                .expect("a check polls a local handle only on the thread that made it"),
        };
        let polled = polled.unwrap_or(Poll::Ready(End::Panicked));
        if polled.is_ready() {
            self.join = None;
        }
        polled
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// Starts tasks on an executor, also from inside a task or after the executor was dropped. A clone
/// uses the same executor.
#[derive(Clone)]
pub struct Spawner(Spawning);

#[derive(Clone)]
enum Spawning {
    Anywhere(Arc<dyn Fn(Work) + Send + Sync>),
    Here(ThreadBound<Rc<dyn Fn(Work)>>),
}

impl Spawner {
    /// A spawner that calls `spawn`, on any thread. If the executor refuses the task, `spawn` drops
    /// the future or panics.
    pub fn new(spawn: impl Fn(Work) + Send + Sync + 'static) -> Self {
        Spawner(Spawning::Anywhere(Arc::new(spawn)))
    }

    /// Like [`new`](Self::new), for a function that stays on this thread.
    pub fn local(spawn: impl Fn(Work) + 'static) -> Self {
        Spawner(Spawning::Here(ThreadBound::new(Rc::new(spawn))))
    }

    /// Starts a task. A local spawner does nothing on another thread, and returns `false`.
    pub(crate) fn spawn(&self, work: Work) -> bool {
        match &self.0 {
            Spawning::Anywhere(spawn) => spawn(work),
            Spawning::Here(here) => match here.with(|spawn| Rc::clone(spawn)) {
                Some(spawn) => spawn(work),
                None => return false,
            },
        }
        true
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").finish_non_exhaustive()
    }
}

thread_local! {
    /// The values of this thread's [`ThreadBound`]s, by their numbers.
    static HERE: RefCell<HashMap<usize, Box<dyn Any>>> = RefCell::default();
}

/// A value that stays on the thread that made it. This handle to it is `Send`, so a `Send` future
/// can hold it, but it reaches the value on that thread only.
pub(crate) struct ThreadBound<T> {
    number: Arc<Number>,
    of: PhantomData<fn() -> T>,
}

struct Number(usize);

impl<T> Clone for ThreadBound<T> {
    fn clone(&self) -> Self {
        ThreadBound { number: Arc::clone(&self.number), of: PhantomData }
    }
}

impl<T: 'static> ThreadBound<T> {
    pub(crate) fn new(value: T) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        HERE.with_borrow_mut(|here| here.insert(number, Box::new(value)));
        ThreadBound { number: Arc::new(Number(number)), of: PhantomData }
    }

    /// Calls `run` with the value. `None` on another thread, and in a nested call for the same
    /// value.
    pub(crate) fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> Option<R> {
        let number = self.number.0;
        // `run` may call `with` for another value, so the table must not be borrowed while it runs.
        let mut value = HERE.with_borrow_mut(|here| here.remove(&number))?;
        let result = value.downcast_mut().map(run);
        HERE.with_borrow_mut(|here| here.insert(number, value));
        result
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // Removes nothing on another thread, nor after the end of this thread, which dropped the
        // whole table.
        let value = HERE.try_with(|here| here.borrow_mut().remove(&self.0));
        drop(value);
    }
}
