//! The traits through which a bench drives a runtime. Each trait is for runtimes that can do more
//! than the one before it. The harness's checks drive a runtime through the same functions, so the
//! functions that are measured are the functions that are checked.

use std::time::Duration;

use harness::{
    Executor, Handle, Work,
    executor::{Job, LocalJob, LocalWork, Output, Policies, Spawner, Tested, turns},
};

/// A runtime that blocks on a future.
///
/// The functions that a bench measures are never inlined (`#[inline(never)]` at each
/// implementation). So the compiler cannot merge a runtime with a load.
pub trait Blocks: Sized + 'static {
    /// Whether the runtime lives as long as the process, and dropping the value ends nothing.
    const GLOBAL: bool = false;
    /// What the runtime declares of itself.
    const POLICIES: Policies;
    /// Makes a future of the runtime's own timer.
    const TIMER: Option<fn(Duration) -> Work> = None;

    /// Creates the runtime.
    fn new() -> Self;

    /// Runs `root` to its end on this thread. If the runtime has no threads of its own, this thread
    /// also runs the tasks meanwhile.
    fn block_on<F>(&self, root: F) -> F::Output
    where
        F: Future<Output: 'static>;

    /// How many threads of its own poll its tasks; 0 if only a thread that blocks does.
    fn threads() -> usize {
        0
    }

    /// Polls woken tasks on this thread for a while. The checks need it, the loads do not.
    fn run(&self) {
        if Self::threads() == 0 {
            self.block_on(turns(64));
        }
    }
}

/// A runtime with tasks.
///
/// All loads use futures that are `Send`, also on runtimes that do not require it. So all runtimes
/// run the same code.
pub trait Starts: Blocks {
    /// Starts a task that nobody joins, from outside the runtime.
    fn start<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// See [`Executor::run_until_stalled`].
    fn run_until_stalled(&self) -> bool {
        false
    }

    /// See [`Executor::queue_len`].
    fn queue_len(&self) -> Option<usize> {
        None
    }
}

/// A runtime whose tasks can be joined, and can start others.
pub trait Spawns: Starts {
    /// Whether a task can be started outside [`block_on`](Blocks::block_on).
    const FROM_OUTSIDE: bool = true;

    /// A join handle.
    type Join<T: Send + 'static>: Future<Output = Self::Joined<T>>;
    /// The output of a join handle.
    type Joined<T>;
    /// What a task needs to start another: `()` where the thread knows the runtime that it runs.
    type Within: Clone + Send + Sync + 'static;

    /// Starts a task, from outside the runtime.
    fn spawn<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// What its tasks need to start others.
    fn within(&self) -> Self::Within;

    /// Starts a task, from within a task or from within the future that is blocked on.
    fn spawn_within<F>(within: &Self::Within, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// The same for a task that nobody joins.
    fn start_within<F>(within: &Self::Within, future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// The result of a task that has ended.
    fn value<T>(joined: Self::Joined<T>) -> T;

    /// A join handle for the checks.
    fn handle(join: Self::Join<Output>) -> Handle;

    /// See [`Executor::spawner`].
    fn spawner(&self) -> Option<Spawner> {
        None
    }

    /// See [`Executor::spawn_local`].
    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        drop(job);
        None
    }

    /// See [`Executor::runner`].
    fn runner(&self) -> Option<LocalWork> {
        None
    }

    /// See [`Executor::ticker`].
    fn ticker(&self) -> Option<LocalWork> {
        None
    }
}

/// A runtime as the checks drive it: through the functions that a bench measures.
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

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled()
    }

    fn threads(&self) -> usize {
        R::threads()
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(R::handle(self.0.spawn(job)))
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        self.0.spawn_local(job)
    }

    fn spawner(&self) -> Option<Spawner> {
        self.0.spawner()
    }

    fn runner(&self) -> Option<LocalWork> {
        self.0.runner()
    }

    fn ticker(&self) -> Option<LocalWork> {
        self.0.ticker()
    }

    fn queue_len(&self) -> Option<usize> {
        self.0.queue_len()
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        R::TIMER
    }
}

/// The same for a runtime whose tasks cannot be joined.
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

    fn run_until_stalled(&self) -> bool {
        self.0.run_until_stalled()
    }

    fn threads(&self) -> usize {
        R::threads()
    }

    fn queue_len(&self) -> Option<usize> {
        self.0.queue_len()
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        R::TIMER
    }
}

/// A runtime that only blocks, as a subject of parts B and C.
pub fn blocks<R: Blocks>() -> Tested {
    declared::<R>(Tested::block_on(|root: Work| R::new().block_on(root)))
}

/// A runtime with tasks, as a subject of parts B and C.
pub fn starts<R: Starts>() -> Tested {
    declared::<R>(Tested::executor(|| Unjoined(R::new())))
}

/// A runtime whose tasks can be joined, as a subject of parts B and C.
pub fn spawns<R: Spawns>() -> Tested {
    declared::<R>(Tested::executor(|| Judged(R::new())))
}

fn declared<R: Blocks>(tested: Tested) -> Tested {
    let tested = tested.policies(R::POLICIES);
    if R::GLOBAL { tested.global() } else { tested }
}
