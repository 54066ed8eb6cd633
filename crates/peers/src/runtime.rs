//! What a bench asks of a runtime, whoever wrote it: three traits, each for those that can do more
//! than the one before it. `Judged` puts the harness's checks on the very same functions, so that
//! what is measured is what was checked.

use harness::{
    Executor, Handle, Work,
    executor::{Job, Output, Policies, Spawner, Tested, turns},
};

/// A runtime that blocks on a future.
///
/// The functions of these traits are the adapter: each is called, and never inlined
/// (`#[inline(never)]` at each implementation), so that no runtime is melted into a load.
pub trait Blocks: Sized + 'static {
    /// Whether it lives as long as the process, whatever becomes of the value that was made.
    const GLOBAL: bool = false;
    /// What it declares of itself.
    const POLICIES: Policies;

    /// A fresh one.
    fn new() -> Self;

    /// Runs this future to its end, on this thread, and the tasks meanwhile if this is the thread
    /// that does.
    fn block_on<F>(&self, root: F) -> F::Output
    where
        F: Future<Output: 'static>;

    /// How many threads of its own poll its tasks; 0 if only the one that blocks does.
    fn threads() -> usize {
        0
    }

    /// Lets this thread poll, for a while, whoever is woken: the checks ask for it, the loads do
    /// not.
    fn run(&self) {
        if Self::threads() == 0 {
            self.block_on(turns(64));
        }
    }
}

/// A runtime with tasks.
///
/// All loads use futures that are `Send`, also where nobody asks for it: so all runtimes run the
/// same.
pub trait Starts: Blocks {
    /// Starts a task that nobody joins, from outside of the runtime.
    fn start<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;
}

/// A runtime whose tasks can be joined, and start others.
pub trait Spawns: Starts {
    /// Whether a task can be started while the runtime is not inside of
    /// [`block_on`](Blocks::block_on).
    const FROM_OUTSIDE: bool = true;

    /// A join handle.
    type Join<T: Send + 'static>: Future<Output = Self::Joined<T>>;
    /// What it gives.
    type Joined<T>;
    /// What a task needs to start another: nothing, where its thread knows the runtime that it
    /// runs.
    type Within: Clone + Send + Sync + 'static;

    /// Starts a task, from outside of the runtime.
    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// What its tasks start others with.
    fn within(&self) -> Self::Within;

    /// Starts a task, from within one or from within what is blocked on.
    fn spawn_within<F>(within: &Self::Within, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// The same for a task that nobody joins.
    fn start_within<F>(within: &Self::Within, future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// The result of a task that has come to its end.
    fn value<T>(joined: Self::Joined<T>) -> T;

    /// A join handle as the checks want it.
    fn handle(join: Self::Join<Output>) -> Handle;

    /// What starts tasks from anywhere, and when the runtime is gone: see [`Executor::spawner`].
    fn spawner(&self) -> Option<Spawner> {
        None
    }
}

/// A runtime as the checks of the harness drive it: through the functions that a bench measures.
struct Judged<R>(R);

impl<R: Spawns> Executor for Judged<R> {
    fn spawn(&self, work: Work) {
        self.0.start(work);
    }

    fn run(&self) {
        self.0.run();
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn threads(&self) -> usize {
        R::threads()
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(R::handle(self.0.spawn(job)))
    }

    fn spawner(&self) -> Option<Spawner> {
        self.0.spawner()
    }
}

/// The same for one whose tasks cannot be joined.
struct Unjoined<R>(R);

impl<R: Starts> Executor for Unjoined<R> {
    fn spawn(&self, work: Work) {
        self.0.start(work);
    }

    fn run(&self) {
        self.0.run();
    }

    fn block_on(&self, root: Work) -> bool {
        self.0.block_on(root);
        true
    }

    fn threads(&self) -> usize {
        R::threads()
    }
}

/// The subject of parts B and C that a runtime is which only blocks.
pub fn blocks<R: Blocks>() -> Tested {
    declared::<R>(Tested::block_on(|root: Work| R::new().block_on(root)))
}

/// The subject that a runtime is which has tasks.
pub fn starts<R: Starts>() -> Tested {
    declared::<R>(Tested::executor(|| Unjoined(R::new())))
}

/// The subject that a runtime is whose tasks can be joined.
pub fn spawns<R: Spawns>() -> Tested {
    declared::<R>(Tested::executor(|| Judged(R::new())))
}

fn declared<R: Blocks>(tested: Tested) -> Tested {
    let tested = tested.policies(R::POLICIES);
    if R::GLOBAL { tested.global() } else { tested }
}
