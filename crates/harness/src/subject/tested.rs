//! A subject of parts B and C: a waker alone, or the executor that hands it to a future.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Wake, Waker},
    thread,
};

use super::{
    adapter::{Executor, Work},
    policies::Policies,
    world::World,
};
use crate::{
    probe::{Canary, Seen, canary},
    run::{
        caught::caught,
        check::{Stop, Verdict, failed, not_applicable},
    },
};

/// A waker to be checked, as the ways to make a fresh one: each check makes as many as it needs.
///
/// A waker alone is judged by B1 to B5, one that an executor hands to the futures it polls by all
/// of part B, and such an executor by part C too. A check that needs more than the subject offers
/// is "not applicable".
///
/// ```
/// use std::{sync::{Arc, atomic::{AtomicUsize, Ordering::SeqCst}}, task::{Wake, Waker}};
/// use harness::waker::Tested;
///
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl Wake for Count {
///     fn wake(self: Arc<Self>) {
///         self.0.fetch_add(1, SeqCst);
///     }
/// }
///
/// let counts = Tested::counts(|| {
///     let count = Arc::new(Count::default());
///     let references = Arc::downgrade(&count);
///     let waker = Waker::from(count.clone());
///     (waker, move || count.0.load(SeqCst), move || references.strong_count())
/// });
/// let calls = Tested::calls(|target| Waker::from(Arc::new(target)));
/// ```
pub struct Tested {
    pub(crate) kind: Kind,
    pub(crate) global: bool,
    pub(crate) policies: Policies,
    pub(crate) models: Vec<(&'static str, fn())>,
}

pub(crate) type Count = Box<dyn Fn() -> usize>;
type MakeCounting = Box<dyn Fn() -> (Waker, Count, Count) + Send + Sync>;
type MakeCalling = Box<dyn Fn(Target) -> Waker + Send + Sync>;
type MakeExecutor = Box<dyn Fn() -> Box<dyn Executor> + Send + Sync>;
type BlockOn = Arc<dyn Fn(Work) + Send + Sync>;

pub(crate) enum Kind {
    Counts(MakeCounting),
    Calls(MakeCalling),
    Inert(Box<dyn Fn() -> Waker + Send + Sync>),
    Executor(MakeExecutor),
    BlockOn(BlockOn),
}

impl Tested {
    /// A waker that counts: `make` gives a fresh one, how often it was woken, and how many
    /// references its shared part has. The latter must grow by one with each clone, and shrink by
    /// one with each drop and each `wake`.
    pub fn counts<W, R>(make: impl Fn() -> (Waker, W, R) + Send + Sync + 'static) -> Self
    where
        W: Fn() -> usize + 'static,
        R: Fn() -> usize + 'static,
    {
        let make = move || {
            let (waker, woken, references) = make();
            (waker, Box::new(woken) as Count, Box::new(references) as Count)
        };
        Tested::of(Kind::Counts(Box::new(make)))
    }

    /// A waker that calls [`Target::woken`] at each wake, and drops the target with the last of its
    /// clones.
    pub fn calls(make: impl Fn(Target) -> Waker + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Calls(Box::new(make)))
    }

    /// A waker that wakes nobody.
    pub fn inert(make: impl Fn() -> Waker + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Inert(Box::new(make)))
    }

    /// The wakers that an executor hands to its tasks: `make` gives a fresh executor.
    pub fn executor<E: Executor + 'static>(make: impl Fn() -> E + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Executor(Box::new(move || Box::new(make()))))
    }

    /// The wakers that a function hands to the one future it drives to its end. It is called on
    /// many threads.
    pub fn block_on(block_on: impl Fn(Work) + Send + Sync + 'static) -> Self {
        Tested::of(Kind::BlockOn(Arc::new(block_on)))
    }

    fn of(kind: Kind) -> Self {
        Tested { kind, global: false, policies: Policies::default(), models: Vec::new() }
    }

    /// The executor lives as long as the process, whatever becomes of the value that was made.
    #[must_use]
    pub fn global(self) -> Self {
        Tested { global: true, ..self }
    }

    /// What the executor declares of itself, for the checks of part C.
    #[must_use]
    pub fn policies(self, policies: Policies) -> Self {
        Tested { policies, ..self }
    }

    /// What the executor has declared.
    pub fn declared(&self) -> Policies {
        self.policies
    }

    /// The white half of a check (B5, B7, B12, B13, C1, C4, C5 or C17): a model of the subject's
    /// own atomics, which panics if what must hold does not in one of the orders in which two
    /// threads can meet. It runs after the other half.
    ///
    /// # Panics
    ///
    /// If that check has no white half.
    #[must_use]
    pub fn model(mut self, id: &'static str, model: fn()) -> Self {
        assert!(["B5", "B7", "B12", "B13", "C1", "C4", "C5", "C17"].contains(&id), "{id} is not judged by a model");
        self.models.push((id, model));
        self
    }
}

impl Tested {
    /// A fresh executor of this subject.
    pub(crate) fn world(&self) -> Result<World, Stop> {
        match &self.kind {
            Kind::Executor(make) => Ok(World { executor: make() }),
            Kind::BlockOn(block_on) => Ok(World { executor: Box::new(Blocking(Arc::clone(block_on))) }),
            _ => not_applicable("it is a waker alone, and no executor"),
        }
    }

    /// A fresh executor that ends when it is dropped.
    pub(crate) fn mortal_world(&self) -> Result<World, Stop> {
        let world = self.world()?;
        if self.is_mortal() { Ok(world) } else { not_applicable("its executor is never dropped before its tasks") }
    }

    /// A fresh executor that has tasks of its own.
    pub(crate) fn world_of_tasks(&self) -> Result<World, Stop> {
        if matches!(self.kind, Kind::BlockOn(_)) { not_applicable("it has one task") } else { self.world() }
    }

    /// Whether it is no waker alone.
    pub(crate) fn has_executor(&self) -> bool {
        matches!(self.kind, Kind::Executor(_) | Kind::BlockOn(_))
    }

    /// Whether its executor ends when it is dropped, whatever tasks it has.
    pub(crate) fn is_mortal(&self) -> bool {
        !self.global && matches!(self.kind, Kind::Executor(_))
    }

    /// The white half of a check, if the subject brings one.
    pub(crate) fn run_model(&self, id: &str) -> Verdict {
        let Some((_, model)) = self.models.iter().find(|(of, _)| *of == id) else { return Ok(()) };
        caught(model).or_else(|text| failed(format!("its model: {text}")))
    }

    /// Whether the subject brings the white half of a check.
    pub(crate) fn has_model(&self, id: &str) -> bool {
        self.models.iter().any(|(of, _)| *of == id)
    }
}

impl fmt::Debug for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tested").finish_non_exhaustive()
    }
}

/// What a waker of [`Tested::calls`] wakes.
#[derive(Debug)]
pub struct Target {
    life: Arc<Life>,
    #[expect(dead_code, reason = "its drop is what counts")]
    canary: Canary,
}

/// What is known of a target.
#[derive(Debug)]
pub(crate) struct Life {
    woken: AtomicUsize,
    panics: AtomicBool,
    pub seen: Seen,
}

impl Target {
    pub(crate) fn new() -> (Target, Arc<Life>) {
        let (canary, seen) = canary();
        let life = Arc::new(Life { woken: AtomicUsize::new(0), panics: AtomicBool::new(false), seen });
        (Target { life: Arc::clone(&life), canary }, life)
    }

    /// To be called at each wake.
    ///
    /// # Panics
    ///
    /// If the check wants to see what a panic in the middle of a wake leaves behind.
    pub fn woken(&self) {
        self.life.woken.fetch_add(1, SeqCst);
        // Once is enough: the wakes that follow must find everything in order.
        assert!(!self.life.panics.swap(false, SeqCst), "a wake that panics");
    }
}

impl Wake for Target {
    fn wake(self: Arc<Self>) {
        self.woken();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken();
    }
}

impl Life {
    pub(crate) fn woken(&self) -> usize {
        self.woken.load(SeqCst)
    }

    pub(crate) fn panic_at_the_next_wake(&self) {
        self.panics.store(true, SeqCst);
    }
}

/// A function that blocks until its one future is ready, as an executor: each task has a thread of
/// its own.
pub(crate) struct Blocking(pub BlockOn);

impl Executor for Blocking {
    fn spawn(&self, work: Work) {
        let block_on = Arc::clone(&self.0);
        thread::spawn(move || block_on(work));
    }

    fn run(&self) {}

    fn block_on(&self, root: Work) -> bool {
        (self.0)(root);
        true
    }
}
