//! The executor of a subject, with functions to start tasks on it and to wait for their progress.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    task::{Context, Poll, Waker},
    thread,
};

use super::{
    adapter::Executor,
    guest::{Life, guest, job, waits},
    handle::Handle,
    work::Output,
    work::Work,
};
use crate::{
    probe::PATIENCE,
    run::{
        check::{Stop, Verdict, holds, not_applicable},
        child::give_up,
        wait::until,
    },
};

/// A fresh executor of a subject, for one check. A check uses it only through these functions.
pub(crate) struct World {
    pub(crate) executor: Box<dyn Executor>,
}

impl World {
    /// Starts a task that calls `script` in each poll.
    pub(crate) fn spawn(&self, script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static) -> Arc<Life> {
        let (work, life) = guest(script);
        self.executor.spawn(work);
        life
    }

    /// Starts a task that calls `script` in each poll, and returns its join handle too.
    pub(crate) fn spawn_joined(
        &self,
        script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static,
    ) -> Result<(Handle, Arc<Life>), Stop> {
        let (job, life) = job(script, Output::default());
        let handle = self.executor.spawn_joined(job);
        handle.map_or_else(|| not_applicable("its tasks have no join handles"), |handle| Ok((handle, life)))
    }

    /// Whether its tasks have join handles.
    pub(crate) fn joins(&self) -> bool {
        self.spawn_joined(|_, _| Poll::Ready(())).is_ok()
    }

    /// Starts a task that keeps its first waker in its [`Life`] and waits until it is
    /// [told](Life::tell) to end.
    pub(crate) fn spawn_waiting(&self) -> Arc<Life> {
        self.spawn(waits)
    }

    /// Starts such a task, and waits for its first poll. Returns the waker of that poll.
    pub(crate) fn waiting(&self) -> Result<(Arc<Life>, Waker), Stop> {
        let life = self.spawn_waiting();
        let waker = self.first_waker(&life)?;
        Ok((life, waker))
    }

    /// Waits for the first poll of a waiting task, and returns the waker of that poll.
    pub(crate) fn first_waker(&self, life: &Life) -> Result<Waker, Stop> {
        self.drive(|| life.polls() > 0);
        life.take_waker().map_or_else(|| not_applicable("a task that is spawned is not polled (C4)"), Ok)
    }

    /// Lets the executor poll until `reached` returns true. `false` if that takes longer than
    /// [`PATIENCE`].
    pub(crate) fn drive(&self, mut reached: impl FnMut() -> bool) -> bool {
        let mut look = || {
            self.executor.run();
            reached()
        };
        // Usually this takes microseconds, and some checks call it thousands of times. So the first
        // hundred tries do not pause.
        for _ in 0..100 {
            if look() {
                return true;
            }
            thread::yield_now();
        }
        until(PATIENCE, || look().then_some(())).is_some()
    }

    /// Lets the executor poll until the task has had more than `before` polls. Otherwise the check
    /// fails; `what` says in the report what led to it.
    pub(crate) fn polled_after(&self, life: &Life, before: usize, what: &str) -> Verdict {
        holds(self.drive(|| life.polls() > before), || {
            format!("{what}, and the task was not polled again in {PATIENCE:?}")
        })
    }

    /// Tells a waiting task to end, wakes it with this waker, and waits for its end.
    pub(crate) fn ends(&self, life: &Life, waker: Waker) -> Verdict {
        life.tell();
        waker.wake();
        // Dropping its handle may have cancelled the task before.
        let ended = self.drive(|| life.is_ready() || life.drops() > 0);
        holds(ended, || {
            format!("a task was told to end and was woken, and after {} polls it has not ended", life.polls())
        })
    }

    /// Blocks on a future until it is ready. If that takes longer than [`PATIENCE`], the check
    /// fails with the text `hang`.
    pub(crate) fn block_on(&self, root: Work, hang: &str) -> Verdict {
        if blocks(hang, || self.executor.block_on(root)) {
            Ok(())
        } else {
            not_applicable("it does not block on a future")
        }
    }

    /// Whether the executor can block on a future.
    pub(crate) fn has_block_on(&self) -> bool {
        self.block_on(
            Box::pin(poll_fn(|_| Poll::Ready(()))),
            "`block_on` of a future that is ready at once did not return",
        )
        .is_ok()
    }

    /// Blocks until these tasks have ended; an executor without `block_on` polls until then. `what`
    /// says in the report what led to it.
    pub(crate) fn until_ended(&self, lives: &[&Arc<Life>], what: &str) -> Verdict {
        let hang = format!("{what}, and in {PATIENCE:?} not all tasks ended");
        let waits: Vec<_> = lives.iter().map(|life| Arc::clone(life)).collect();
        let root = poll_fn(move |cx| {
            let over = |life: &Arc<Life>| {
                life.watch(cx.waker().clone());
                life.is_over()
            };
            if waits.iter().all(over) { Poll::Ready(()) } else { Poll::Pending }
        });
        if !blocks(&hang, || self.executor.block_on(Box::pin(root))) {
            let over = self.drive(|| lives.iter().all(|life| life.is_over()));
            holds(over, || hang)?;
        }
        let ended = lives.iter().all(|life| life.is_ready());
        holds(ended, || format!("{what}, and a task was dropped before its end"))
    }

    /// Runs several other tasks to their end, so that the executor gets the time to do everything
    /// it would do.
    pub(crate) fn let_others_run(&self) -> Verdict {
        for _ in 0..4 {
            let mut turns = 0;
            let other = self.spawn(move |cx, _| {
                turns += 1;
                if turns == 4 {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            });
            if !self.drive(|| other.is_ready()) {
                return not_applicable("other tasks do not come to their end (B10)");
            }
        }
        Ok(())
    }

    pub(crate) fn executor(&self) -> &dyn Executor {
        &*self.executor
    }
}

/// Calls `run`, which may block forever. If it takes longer than [`PATIENCE`], the check fails with
/// the text `observed`.
pub(crate) fn blocks<T>(observed: &str, run: impl FnOnce() -> T) -> T {
    let (_alive, gone) = mpsc::channel::<()>();
    let observed = observed.to_owned();
    thread::spawn(move || {
        if gone.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            give_up(observed);
        }
    });
    run()
}
