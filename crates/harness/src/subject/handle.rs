//! What an adapter gives of its join handles and of what spawns from anywhere, with or without
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
        atomic::{
            AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Context, Poll},
    thread,
};

use super::adapter::Work;
use crate::run::caught::caught;

/// What became of a task, as its join handle tells.
#[derive(Debug)]
pub enum End {
    /// It came to its end, with this result.
    Finished(Output),
    /// It panicked.
    Panicked,
    /// It was cancelled, or its executor was dropped.
    Cancelled,
}

impl From<Output> for End {
    fn from(output: Output) -> Self {
        End::Finished(output)
    }
}

/// A join handle: a future that becomes ready when its task has ended. Dropping it drops the
/// executor's own handle.
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
    /// `None` once it was ready.
    join: Option<Join>,
    abort: Option<Box<dyn FnOnce() + Send>>,
}

type Joining<T> = Pin<Box<T>>;

enum Join {
    Anywhere(Joining<dyn Future<Output = End> + Send>),
    Here(Here<Joining<dyn Future<Output = End>>>),
}

impl Handle {
    /// A handle that waits for `join`, which gives the task's [`Output`], or an [`End`] if it can
    /// tell more. A panic in its poll says that the task panicked.
    pub fn new<T: Into<End>>(join: impl Future<Output = T> + Send + 'static) -> Self {
        Handle { join: Some(Join::Anywhere(Box::pin(async { join.await.into() }))), abort: None }
    }

    /// The same on this thread only.
    pub fn local<T: Into<End>>(join: impl Future<Output = T> + 'static) -> Self {
        let join: Joining<dyn Future<Output = End>> = Box::pin(async { join.await.into() });
        Handle { join: Some(Join::Here(Here::new(join))), abort: None }
    }

    /// The same handle, whose task is cancelled by this function, if dropping it does not do that
    /// already.
    #[must_use]
    pub fn aborted_by(self, abort: impl FnOnce() + Send + 'static) -> Self {
        Handle { abort: Some(Box::new(abort)), ..self }
    }

    /// What cancels its task and leaves the handle to be joined, if it has that.
    pub(crate) fn take_abort(&mut self) -> Option<Box<dyn FnOnce() + Send>> {
        self.abort.take()
    }

    /// Whether it is of use on this thread only.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.join, Some(Join::Here(_)))
    }
}

impl Future for Handle {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let polled = match self.join.as_mut().expect("a handle is polled until it is ready") {
            Join::Anywhere(join) => caught(|| join.as_mut().poll(cx)),
            Join::Here(join) => join
                .with(|join| caught(|| join.as_mut().poll(cx)))
                .expect("such a handle is polled on the thread that made it"),
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

/// What starts tasks from anywhere. A clone of it does the same.
#[derive(Clone)]
pub struct Spawner(Spawning);

#[derive(Clone)]
enum Spawning {
    Anywhere(Arc<dyn Fn(Work) + Send + Sync>),
    Here(Here<Rc<dyn Fn(Work)>>),
}

impl Spawner {
    /// Tasks are started by this function, on any thread. If that is refused, it drops what it was
    /// given, or panics.
    pub fn new(spawn: impl Fn(Work) + Send + Sync + 'static) -> Self {
        Spawner(Spawning::Anywhere(Arc::new(spawn)))
    }

    /// The same on this thread only.
    pub fn local(spawn: impl Fn(Work) + 'static) -> Self {
        Spawner(Spawning::Here(Here::new(Rc::new(spawn))))
    }

    /// Starts a task. `false`, and nothing is done, on a thread where it is of no use.
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
    /// What stays on this thread, by its number.
    static HERE: RefCell<HashMap<usize, Box<dyn Any>>> = RefCell::default();
}

/// A value that stays on its thread. What stands for it may be sent, so that a `Send` future can
/// hold it, and is of use on that thread only.
pub(crate) struct Here<T> {
    number: Arc<Number>,
    of: PhantomData<fn() -> T>,
}

struct Number(usize);

impl<T> Clone for Here<T> {
    fn clone(&self) -> Self {
        Here { number: Arc::clone(&self.number), of: PhantomData }
    }
}

impl<T: 'static> Here<T> {
    pub(crate) fn new(value: T) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        HERE.with_borrow_mut(|here| here.insert(number, Box::new(value)));
        Here { number: Arc::new(Number(number)), of: PhantomData }
    }

    /// Does something with the value; `None` on another thread, or inside of this.
    pub(crate) fn with<R>(&self, run: impl FnOnce(&mut T) -> R) -> Option<R> {
        let number = self.number.0;
        // What is run may come back here for another value, so the table is free meanwhile.
        let mut value = HERE.with_borrow_mut(|here| here.remove(&number))?;
        let result = value.downcast_mut().map(run);
        HERE.with_borrow_mut(|here| here.insert(number, value));
        result
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // On another thread there is none. After the thread's own end, it is gone already.
        let value = HERE.try_with(|here| here.borrow_mut().remove(&self.0));
        drop(value);
    }
}

/// The result of a task of the checks.
#[derive(Debug, Default)]
pub struct Output {
    drops: Option<Arc<AtomicUsize>>,
    panics_in_drop: bool,
}

impl Output {
    /// A result, and the count of its drops; a drop may be made to panic.
    pub(crate) fn counted(panics_in_drop: bool) -> (Self, Arc<AtomicUsize>) {
        let drops = Arc::<AtomicUsize>::default();
        (Output { drops: Some(Arc::clone(&drops)), panics_in_drop }, drops)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(drops) = &self.drops {
            drops.fetch_add(1, SeqCst);
        }
        assert!(!self.panics_in_drop || thread::panicking(), "a result that panics when it is dropped");
    }
}
