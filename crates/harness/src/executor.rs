//! How the checks drive an executor, whoever wrote it: the one trait that its adapter implements.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// What the checks give an executor to do: a future of theirs.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An executor, as its author shows it to the checks. Dropping the value drops the executor.
///
/// All of it is called on one thread, the one that made it, so that it need not be `Send`. Only the first method is
/// required. With those that follow, more checks apply.
pub trait Executor {
    /// Starts a task that nobody joins: it runs on, whatever becomes of a handle (so detach one that would cancel it).
    fn spawn(&self, work: Work);

    /// Polls, on this thread, every task that is woken, until none is, and returns then.
    ///
    /// An executor with threads of its own has nothing to do here. One that only blocks until a future is ready blocks on
    /// [`turns`].
    fn run(&self) {}

    /// Starts a task, and gives the future that waits for its end; `None` if it has no such thing.
    fn spawn_joined(&self, work: Work) -> Option<Work> {
        drop(work);
        None
    }

    /// How many entries its run queue has; `None` if it cannot tell.
    fn queue_len(&self) -> Option<usize> {
        None
    }

    /// From now on runs `hook` inside each wake that puts a task into the queue, when another thread could already take it
    /// from there; `false` if it cannot do that. Called at most once, before the first task.
    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        drop(hook);
        false
    }
}

/// A future that is polled so many times: it wakes itself in every poll but the last, and then it is ready.
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
