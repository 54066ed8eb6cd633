//! A subject of part A: how its author says what there is to check, in a few lines.

use std::{
    any::Any,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use super::{Child, child::Does};
use crate::probe::meanwhile::Event;

/// A future to be checked, as the ways to make a fresh one: each check makes as many as it needs.
///
/// Start with what kind of future it is, and add what else it declares:
///
/// ```
/// use harness::future::{AfterReady, Tested};
/// use std::future::ready;
///
/// let inert = Tested::inert(std::future::pending::<()>);
/// let at_once = Tested::completes(|| ready(5)).after_ready(AfterReady::Panics);
/// ```
///
/// A check that needs what the subject does not offer is "not applicable".
pub struct Tested {
    pub(super) kind: Kind,
    pub(super) after_ready: Option<AfterReady>,
    pub(super) is_terminated: Option<IsTerminated>,
    pub(super) lazy: Option<MakeLazy>,
    pub(super) depth: Option<usize>,
    pub(super) bounds: Vec<(&'static str, bool, bool)>,
}

/// What a poll after `Ready` does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AfterReady {
    /// It panics.
    Panics,
    /// It is pending, for ever.
    Pending,
    /// It is ready again.
    Ready,
}

/// Any future, pinned, without its output.
pub(super) type Held = Pin<Box<dyn Polled>>;
type Make = Box<dyn Fn() -> Held + Send + Sync>;
type MakeWaiting = Box<dyn Fn() -> (Held, Event) + Send + Sync>;
type MakePermits = Box<dyn Fn() -> (Held, Held, Event) + Send + Sync>;
type IsTerminated = Box<dyn Fn(&dyn Any) -> bool + Send + Sync>;
type MakeLazy = Box<dyn Fn() -> (Held, Box<dyn Fn() -> bool>) + Send + Sync>;
pub(super) type Combine = Box<dyn Fn(Vec<Child>) -> Held + Send + Sync>;

/// What makes it ready.
pub(super) enum Kind {
    Waits(MakeWaiting),
    Completes(Make),
    Inert(Make),
    Combines(Of, Combine),
    Permits(MakePermits),
}

/// How many children a combinator has, and for which it waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Of {
    One,
    Both,
    Either,
}

impl Of {
    pub(super) fn count(self) -> usize {
        if self == Of::One { 1 } else { 2 }
    }

    /// As many children as it has, which all do the same.
    pub(super) fn children(self, does: Does) -> impl Iterator<Item = Does> {
        std::iter::repeat_n(does, self.count())
    }
}

impl Tested {
    /// A future that waits for an event: `make` gives a fresh one, and the function that makes it
    /// ready.
    ///
    /// That function may be called from any thread, before, during and after a poll. What it
    /// returns is dropped. Once it has returned, the event has happened.
    pub fn waits<F, E, R>(make: impl Fn() -> (F, E) + Send + Sync + 'static) -> Self
    where
        F: Future + 'static,
        E: FnOnce() -> R + Send + 'static,
    {
        let make = move || {
            let (future, event) = make();
            (held(future), boxed(event))
        };
        Tested::of(Kind::Waits(Box::new(make)))
    }

    /// A future that becomes ready by itself: it wakes itself, or a thread or a clock of its own
    /// does.
    pub fn completes<F: Future + 'static>(make: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Completes(Box::new(move || held(make()))))
    }

    /// A future that never becomes ready, so that it need not keep a waker.
    pub fn inert<F: Future + 'static>(make: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Inert(Box::new(move || held(make()))))
    }

    /// A combinator that becomes ready with its one child.
    pub fn wraps<F: Future + 'static>(wrap: impl Fn(Child) -> F + Send + Sync + 'static) -> Self {
        Tested::combines(Of::One, move |mut children| held(wrap(children.remove(0))))
    }

    /// A combinator that becomes ready once both of its children are.
    pub fn joins<F: Future + 'static>(join: impl Fn(Child, Child) -> F + Send + Sync + 'static) -> Self {
        Tested::combines(Of::Both, move |mut children| held(join(children.remove(0), children.remove(0))))
    }

    /// A combinator that becomes ready with the first of its children.
    pub fn selects<F: Future + 'static>(select: impl Fn(Child, Child) -> F + Send + Sync + 'static) -> Self {
        Tested::combines(Of::Either, move |mut children| held(select(children.remove(0), children.remove(0))))
    }

    fn combines(of: Of, make: impl Fn(Vec<Child>) -> Held + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Combines(of, Box::new(make)))
    }

    /// Two futures that wait for one permit of a lock, a semaphore or a queue, and the function
    /// that releases one.
    pub fn permits<F, E, R>(make: impl Fn() -> (F, F, E) + Send + Sync + 'static) -> Self
    where
        F: Future + 'static,
        E: FnOnce() -> R + Send + 'static,
    {
        let make = move || {
            let (first, second, release) = make();
            (held(first), held(second), boxed(release))
        };
        Tested::of(Kind::Permits(Box::new(make)))
    }

    fn of(kind: Kind) -> Self {
        Tested { kind, after_ready: None, is_terminated: None, lazy: None, depth: None, bounds: Vec::new() }
    }

    /// It declares what a poll after `Ready` does.
    #[must_use]
    pub fn after_ready(self, does: AfterReady) -> Self {
        Tested { after_ready: Some(does), ..self }
    }

    /// It can tell whether it is done, as a `FusedFuture` does.
    ///
    /// # Panics
    ///
    /// In the check, if its futures are no `F`.
    #[must_use]
    pub fn is_terminated<F: Future + 'static>(
        self,
        is_terminated: impl Fn(&F) -> bool + Send + Sync + 'static,
    ) -> Self {
        let ask = move |future: &dyn Any| {
            let expected = std::any::type_name::<F>();
            is_terminated(future.downcast_ref().unwrap_or_else(|| panic!("`is_terminated` expects a {expected}")))
        };
        Tested { is_terminated: Some(Box::new(ask)), ..self }
    }

    /// It says when it has begun: `make` gives a fresh future, and what tells whether its work has
    /// begun.
    #[must_use]
    pub fn lazy<F, B>(self, make: impl Fn() -> (F, B) + Send + Sync + 'static) -> Self
    where
        F: Future + 'static,
        B: Fn() -> bool + 'static,
    {
        let make = move || {
            let (future, begun) = make();
            (held(future), Box::new(begun) as Box<dyn Fn() -> bool>)
        };
        Tested { lazy: Some(Box::new(make)), ..self }
    }

    /// It declares that so many of it may be nested, on a stack of 2 MiB, in the build that is
    /// tested.
    #[must_use]
    pub fn depth(self, depth: usize) -> Self {
        Tested { depth: Some(depth), ..self }
    }

    /// It declares one of its bounds: a sentence such as `Receiver<Rc<()>>: Send`, whether it
    /// holds, which [`Facts`](super::Facts) finds out, and whether it should.
    #[must_use]
    pub fn bound(mut self, sentence: &'static str, holds: bool, should: bool) -> Self {
        self.bounds.push((sentence, holds, should));
        self
    }
}

impl fmt::Debug for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tested").finish_non_exhaustive()
    }
}

/// A future whose own type can be asked for.
pub(super) trait Polled: Future<Output = ()> {
    fn as_any(&self) -> &dyn Any;
}

struct WithoutOutput<F>(Pin<Box<F>>);

impl<F: Future> Future for WithoutOutput<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx).map(drop)
    }
}

impl<F: Future + 'static> Polled for WithoutOutput<F> {
    fn as_any(&self) -> &dyn Any {
        &*self.0
    }
}

fn held<F: Future + 'static>(future: F) -> Held {
    Box::pin(WithoutOutput(Box::pin(future)))
}

fn boxed<R>(event: impl FnOnce() -> R + Send + 'static) -> Event {
    Box::new(move || drop(event()))
}
