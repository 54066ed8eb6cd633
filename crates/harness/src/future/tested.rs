//! A subject of part A: its author describes a future in a few lines.

use std::{any::Any, fmt};

use super::{
    child::{Child, Does},
    held::{Held, held},
};
use crate::probe::meanwhile::Event;

/// A subject for the checks of part A: a function that makes a future. Each check calls it as often
/// as it needs a fresh one.
///
/// Start with the kind of the future, and add its other declarations:
///
/// ```
/// use harness::future::{AfterReady, Tested};
/// use std::future::ready;
///
/// let inert = Tested::inert(std::future::pending::<()>);
/// let at_once = Tested::completes(|| ready(5)).after_ready(AfterReady::Panics);
/// ```
///
/// A check that needs more than the subject offers is "not applicable".
pub struct Tested {
    pub(super) kind: Kind,
    pub(super) after_ready: Option<AfterReady>,
    pub(super) is_terminated: Option<IsTerminated>,
    pub(super) lazy: Option<MakeLazy>,
    pub(super) depth: Option<usize>,
    pub(super) bounds: Vec<(&'static str, bool, bool)>,
}

/// The effect of a poll after `Ready`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AfterReady {
    /// Every such poll panics.
    Panics,
    /// Every such poll is pending.
    Pending,
    /// Every such poll is ready again.
    Ready,
}

type Make = Box<dyn Fn() -> Held + Send + Sync>;
type MakeWaiting = Box<dyn Fn() -> (Held, Event) + Send + Sync>;
type MakePermits = Box<dyn Fn() -> (Held, Held, Event) + Send + Sync>;
type IsTerminated = Box<dyn Fn(&dyn Any) -> bool + Send + Sync>;
type MakeLazy = Box<dyn Fn() -> (Held, Box<dyn Fn() -> bool>) + Send + Sync>;
pub(super) type Combine = Box<dyn Fn(Vec<Child>) -> Held + Send + Sync>;

/// The kind of a future: the cause that makes it ready.
pub(super) enum Kind {
    Waits(MakeWaiting),
    Completes(Make),
    Inert(Make),
    Combines(WaitsFor, Combine),
    Permits(MakePermits),
}

/// The number of a combinator's children, and for which of them it waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WaitsFor {
    One,
    Both,
    Either,
}

impl WaitsFor {
    pub(super) fn count(self) -> usize {
        if self == WaitsFor::One { 1 } else { 2 }
    }

    /// The behaviours of its children, if each of them `does` the same.
    pub(super) fn children(self, does: Does) -> impl Iterator<Item = Does> {
        std::iter::repeat_n(does, self.count())
    }
}

impl Tested {
    /// A future that waits for an event. `make` returns a fresh future and the function that makes
    /// it ready.
    ///
    /// A check calls that function on any thread, before, during or after a poll, and drops its
    /// result. When the function returns, the event must have happened.
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

    /// A future that becomes ready without an event of the check: it wakes itself, or its own
    /// thread or timer wakes it.
    pub fn completes<F: Future + 'static>(make: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Completes(Box::new(move || held(make()))))
    }

    /// A future that never becomes ready. It does not have to keep a waker.
    pub fn inert<F: Future + 'static>(make: impl Fn() -> F + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Inert(Box::new(move || held(make()))))
    }

    /// A combinator of one child, which is ready when the child is.
    pub fn wraps<F: Future + 'static>(wrap: impl Fn(Child) -> F + Send + Sync + 'static) -> Self {
        Tested::combines(WaitsFor::One, move |mut children| held(wrap(children.remove(0))))
    }

    /// A combinator of two children, which is ready when both are.
    pub fn joins<F: Future + 'static>(join: impl Fn(Child, Child) -> F + Send + Sync + 'static) -> Self {
        Tested::combines(WaitsFor::Both, move |mut children| held(join(children.remove(0), children.remove(0))))
    }

    /// A combinator of two children, which is ready when one of them is.
    pub fn selects<F: Future + 'static>(select: impl Fn(Child, Child) -> F + Send + Sync + 'static) -> Self {
        Tested::combines(WaitsFor::Either, move |mut children| held(select(children.remove(0), children.remove(0))))
    }

    fn combines(waits_for: WaitsFor, make: impl Fn(Vec<Child>) -> Held + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Combines(waits_for, Box::new(make)))
    }

    /// Two futures that wait for one permit of a lock, a semaphore or a queue. `make` returns them
    /// and the function that releases a permit.
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

    /// Declares the effect of a poll after `Ready`.
    #[must_use]
    pub fn after_ready(self, does: AfterReady) -> Self {
        Tested { after_ready: Some(does), ..self }
    }

    /// Adds a function that says whether the future is done, as `FusedFuture::is_terminated` does.
    ///
    /// # Panics
    ///
    /// In the check, if the subject's futures are not of type `F`.
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

    /// Declares that the future does nothing before its first poll. `make` returns a fresh future
    /// and a function that says whether its work has begun.
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

    /// Declares how many levels of this combinator may be nested on a stack of 2 MiB. This depends
    /// on the build profile of the test.
    #[must_use]
    pub fn depth(self, depth: usize) -> Self {
        Tested { depth: Some(depth), ..self }
    }

    /// Declares a bound: its text, such as `Receiver<Rc<()>>: Send`, whether the type has it (see
    /// [`Facts`](super::Facts)), and whether it should have it.
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

fn boxed<R>(event: impl FnOnce() -> R + Send + 'static) -> Event {
    Box::new(move || drop(event()))
}
