//! A subject of parts B and C: a waker alone, or the executor that hands it to a future.

use std::{
    any::{type_name, type_name_of_val},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Wake, Waker},
    thread,
};

use super::{adapter::Executor, policies::Policies, work::Work, world::World};
use crate::{
    probe::{Canary, Seen, canary},
    run::{
        caught::caught,
        check::{Stop, Verdict, failed, not_applicable},
    },
};

/// A subject for the checks of parts B and C: a function that makes a waker or an executor. Each
/// check calls it as often as it needs a fresh one.
///
/// B1 to B5 judge a waker alone. All of part B judges the wakers that an executor hands to the
/// futures that it polls, and part C judges that executor. A check that needs more than the subject
/// offers is "not applicable".
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
    adapter: Option<&'static str>,
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
    /// A waker that counts its wakes. `make` returns a fresh waker and two functions: the number of
    /// its wakes, and the number of references to its shared part. Each clone must add one
    /// reference, and each drop and each `wake` must remove one.
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

    /// A waker that calls [`Target::woken`] at each wake. It must drop the target when its last
    /// clone is dropped.
    pub fn calls(make: impl Fn(Target) -> Waker + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Calls(Box::new(make)))
    }

    /// A waker whose wakes do nothing.
    pub fn inert(make: impl Fn() -> Waker + Send + Sync + 'static) -> Self {
        Tested::of(Kind::Inert(Box::new(make)))
    }

    /// An executor, and the wakers that it hands to its tasks. `make` returns a fresh executor.
    pub fn executor<E: Executor + 'static>(make: impl Fn() -> E + Send + Sync + 'static) -> Self {
        let adapter = Some(type_name::<E>());
        Tested { adapter, ..Tested::of(Kind::Executor(Box::new(move || Box::new(make())))) }
    }

    /// A function that blocks until its future is ready, and the wakers that it hands to that
    /// future. The checks call it on many threads.
    pub fn block_on(block_on: impl Fn(Work) + Send + Sync + 'static) -> Self {
        let adapter = Some(type_name_of_val(&block_on));
        Tested { adapter, ..Tested::of(Kind::BlockOn(Arc::new(block_on))) }
    }

    fn of(kind: Kind) -> Self {
        Tested { kind, adapter: None, global: false, policies: Policies::default(), models: Vec::new() }
    }

    /// Declares that the executor lives as long as the process: dropping the value that `make`
    /// returned does not end it.
    #[must_use]
    pub fn global(self) -> Self {
        Tested { global: true, ..self }
    }

    /// Adds the policies that the executor declares, for the checks of part C.
    #[must_use]
    pub fn policies(self, policies: Policies) -> Self {
        Tested { policies, ..self }
    }

    /// The type through which the checks drive the executor, or call the function that blocks. Two
    /// subjects with the same type run the same code.
    pub fn adapter(&self) -> Option<&'static str> {
        self.adapter
    }

    /// The policies that the executor declares.
    pub fn declared(&self) -> Policies {
        self.policies
    }

    /// Adds a model as the white half of a check: B5, B7, B12, B13, C1, C4, C5 or C17.
    ///
    /// The model explores the orders in which threads can access the subject's own atomics, with
    /// loom for example. It panics if the check's sentence does not hold in one of these orders. It
    /// runs after the check's other half.
    ///
    /// # Panics
    ///
    /// If that check has no white half.
    #[must_use]
    pub fn model(mut self, id: &'static str, model: fn()) -> Self {
        assert!(
            ["B5", "B7", "B12", "B13", "C1", "C4", "C5", "C17"].contains(&id),
            "no model judges {id}; see `Tested::model` for the checks that have one"
        );
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
            _ => not_applicable("it is a waker alone, not an executor"),
        }
    }

    /// A fresh executor. Not applicable to a subject whose executor does not end when it is
    /// dropped.
    pub(crate) fn mortal_world(&self) -> Result<World, Stop> {
        let world = self.world()?;
        if self.is_mortal() { Ok(world) } else { not_applicable("its executor is never dropped before its tasks") }
    }

    /// A fresh executor that can spawn tasks. Not applicable to a `block_on` function.
    pub(crate) fn world_of_tasks(&self) -> Result<World, Stop> {
        if matches!(self.kind, Kind::BlockOn(_)) { not_applicable("it has one task") } else { self.world() }
    }

    /// Whether the subject is more than a waker alone.
    pub(crate) fn has_executor(&self) -> bool {
        matches!(self.kind, Kind::Executor(_) | Kind::BlockOn(_))
    }

    /// Whether dropping the executor ends it, even while it has tasks.
    pub(crate) fn is_mortal(&self) -> bool {
        !self.global && matches!(self.kind, Kind::Executor(_))
    }

    /// Runs the subject's model for a check, if there is one.
    pub(crate) fn run_model(&self, id: &str) -> Verdict {
        let Some((_, model)) = self.models.iter().find(|(of, _)| *of == id) else { return Ok(()) };
        caught(model).or_else(|text| failed(format!("its model: {text}")))
    }

    /// Whether the subject has a model for a check.
    pub(crate) fn has_model(&self, id: &str) -> bool {
        self.models.iter().any(|(of, _)| *of == id)
    }
}

impl fmt::Debug for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tested").finish_non_exhaustive()
    }
}

/// The target of a waker that [`Tested::calls`] makes.
#[derive(Debug)]
pub struct Target {
    record: Arc<TargetRecord>,
    #[expect(dead_code, reason = "the check counts its drops")]
    canary: Canary,
}

/// The record of a target, shared with the check.
#[derive(Debug)]
pub(crate) struct TargetRecord {
    woken: AtomicUsize,
    panics: AtomicBool,
    pub seen: Seen,
}

impl Target {
    pub(crate) fn new() -> (Target, Arc<TargetRecord>) {
        let (canary, seen) = canary();
        let record = Arc::new(TargetRecord { woken: AtomicUsize::new(0), panics: AtomicBool::new(false), seen });
        (Target { record: Arc::clone(&record), canary }, record)
    }

    /// The waker under test must call this at each wake.
    ///
    /// # Panics
    ///
    /// If the check tests how the waker handles a panic inside a wake.
    pub fn woken(&self) {
        self.record.woken.fetch_add(1, SeqCst);
        // Panics only once: the check then expects the following wakes to work.
        assert!(!self.record.panics.swap(false, SeqCst), "a wake that panics");
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

impl TargetRecord {
    pub(crate) fn woken(&self) -> usize {
        self.woken.load(SeqCst)
    }

    pub(crate) fn panic_at_the_next_wake(&self) {
        self.panics.store(true, SeqCst);
    }
}

/// Makes a `block_on` function an executor: each task gets its own thread, which calls the
/// function.
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
