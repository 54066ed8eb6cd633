//! The trait through which the checks drive an executor. The executor's author implements it in an
//! adapter.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use super::{
    handle::{Handle, Spawner},
    work::{Job, LocalJob, LocalWork, Work},
};

/// The adapter of an executor. Dropping this value must drop the executor.
///
/// The checks call every method on the thread that made the value, so it need not be `Send`. Only
/// `spawn` is required; each further method makes more checks applicable. The behaviour that the
/// executor declares is not part of this trait: it is in the subject's
/// [`Policies`](crate::executor::Policies).
pub trait Executor {
    /// Starts a task that is never joined. If the executor returns a handle whose drop cancels the
    /// task, detach that handle.
    fn spawn(&self, work: Work);

    /// Polls the woken tasks on this thread, until no task is woken.
    ///
    /// It may return earlier if tasks wake themselves in every poll, because the checks call it
    /// again. So an executor that has only `block_on` can block on [`turns`], as the default
    /// implementation does.
    fn run(&self) {
        if !self.run_until_stalled() {
            self.block_on(Box::pin(turns(64)));
        }
    }

    /// Blocks this thread until `root` is ready. If this thread polls the tasks, it polls them
    /// while it waits. Returns `false`, and drops `root`, if the executor has no such function.
    fn block_on(&self, root: Work) -> bool {
        drop(root);
        false
    }

    /// Polls on this thread until no task is woken. This includes tasks that wake themselves:
    /// afterwards only a wake from outside causes another poll. Returns `false` if the executor has
    /// no such function.
    fn run_until_stalled(&self) -> bool {
        false
    }

    /// The number of the executor's own threads that poll tasks. It is 0 if only the thread that
    /// calls [`run`](Self::run) or [`block_on`](Self::block_on) polls them.
    fn threads(&self) -> usize {
        0
    }

    /// Starts a task and returns its join handle. `None` if the executor has no join handles.
    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        drop(job);
        None
    }

    /// Starts a task that is polled and dropped on this thread only. `None` if the executor has no
    /// such function.
    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        drop(job);
        None
    }

    /// A value that can start tasks from inside a task, from a drop, and after the executor was
    /// dropped. `None` if the executor has no such value.
    fn spawner(&self) -> Option<Spawner> {
        None
    }

    /// A future that runs the executor's tasks while it is polled. Several may exist at once.
    /// `None` if the executor has no such future.
    fn runner(&self) -> Option<LocalWork> {
        None
    }

    /// A future that waits for a woken task, polls it once, and is then ready. `None` if the
    /// executor has no such future.
    fn ticker(&self) -> Option<LocalWork> {
        None
    }

    /// A function that makes a future of the executor's own timer: the future is ready when the
    /// duration has passed. It is made and polled inside a task. `None` if the executor has no
    /// timer.
    fn timer(&self) -> Option<fn(Duration) -> Work> {
        None
    }

    /// The number of entries in the run queue. `None` if the executor cannot tell.
    fn queue_len(&self) -> Option<usize> {
        None
    }

    /// Installs `hook`, to be called inside each wake that puts a task into the run queue, after
    /// the task is visible there to other threads. Called at most once, before the first task.
    /// Returns `false` if the executor cannot do that.
    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        drop(hook);
        false
    }
}

/// A future that is ready in its poll number `count`, and wakes itself in every poll before that.
///
/// An executor that has only `block_on` blocks on it, so that its other tasks get `count` turns.
pub fn turns(count: usize) -> impl Future<Output = ()> + Send + fmt::Debug {
    Turns(count)
}

#[derive(Debug)]
struct Turns(usize);

impl Future for Turns {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0 = self.0.saturating_sub(1);
        if self.0 == 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
