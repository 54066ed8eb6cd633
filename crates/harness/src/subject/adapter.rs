//! How the checks drive an executor, whoever wrote it: the one trait that its adapter implements.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use super::handle::{Handle, Output, Spawner};

/// What the checks give an executor to do: a future of theirs.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
/// The same on one thread only.
pub type LocalWork = Pin<Box<dyn Future<Output = ()>>>;
/// The same with a result, which whoever joins the task is to get.
pub type Job = Pin<Box<dyn Future<Output = Output> + Send>>;
/// The same on one thread only.
pub type LocalJob = Pin<Box<dyn Future<Output = Output>>>;

/// An executor, as its author shows it to the checks. Dropping the value drops the executor.
///
/// All of it is called on one thread, the one that made it, so that it need not be `Send`. Only the
/// first method is required. With those that follow, more checks apply. What the executor declares
/// of itself stands in [`Policies`](super::Policies), and is given to its subject.
pub trait Executor {
    /// Starts a task that nobody joins: it runs on, whatever becomes of a handle (so detach one
    /// that would cancel it).
    fn spawn(&self, work: Work);

    /// Polls, on this thread, every task that is woken, until none is, and returns then.
    ///
    /// It is as good if tasks that wake themselves again and again are still woken when it returns:
    /// it is called again. So an executor that only blocks until a future is ready blocks on
    /// [`turns`], which is what is done here.
    fn run(&self) {
        if !self.run_until_stalled() {
            self.block_on(Box::pin(turns(64)));
        }
    }

    /// Blocks this thread until `root` is ready, and polls the tasks meanwhile, if this is the
    /// thread that does; `false` (and `root` is dropped) if it cannot do that.
    fn block_on(&self, root: Work) -> bool {
        drop(root);
        false
    }

    /// Polls on this thread until no task is woken, also those that wake themselves: nothing but a
    /// wake from outside could make more of it. `false` if it has no such function.
    fn run_until_stalled(&self) -> bool {
        false
    }

    /// How many threads of its own poll its tasks; 0 if only the thread that calls
    /// [`run`](Self::run) or [`block_on`](Self::block_on) does.
    fn threads(&self) -> usize {
        0
    }

    /// Starts a task, and gives its join handle; `None` if it has no such thing.
    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        drop(job);
        None
    }

    /// Starts a task that is polled and dropped on this thread only; `None` if it cannot do that.
    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        drop(job);
        None
    }

    /// What starts tasks from anywhere, also from within a task, and when the executor is gone;
    /// `None` if nothing can reach it then.
    fn spawner(&self) -> Option<Spawner> {
        None
    }

    /// A future that runs the executor's tasks for as long as it is polled, one of many such;
    /// `None` if it has none.
    fn runner(&self) -> Option<LocalWork> {
        None
    }

    /// A future that polls one task, once one is woken, and is ready then; `None` if it has none.
    fn ticker(&self) -> Option<LocalWork> {
        None
    }

    /// A future that becomes ready when so much time has passed, by the executor's own timer;
    /// `None` if it has none. It is made and polled inside of a task.
    fn timer(&self) -> Option<fn(Duration) -> Work> {
        None
    }

    /// How many entries its run queue has; `None` if it cannot tell.
    fn queue_len(&self) -> Option<usize> {
        None
    }

    /// From now on runs `hook` inside each wake that puts a task into the queue, when another
    /// thread could already take it from there; `false` if it cannot do that. Called at most once,
    /// before the first task.
    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        drop(hook);
        false
    }
}

/// A future that is polled so many times: it wakes itself in every poll but the last, and then it
/// is ready.
///
/// An executor that has only `block_on` gets so many turns for its other tasks by blocking on this.
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
