//! An event that a second thread performs while the first thread is inside an operation, such as
//! the clone of a waker. A closure inside that operation starts the event, so the order is
//! deterministic.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
};

use super::PATIENCE;
use crate::run::{caught::ended, check::Verdict, wait::until};

/// The function that the second thread calls.
pub(crate) type Event = Box<dyn FnOnce() + Send>;

/// How long the first thread waits for the event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Until {
    /// Until the event has ended or its thread is blocked. The event may need a lock that the first
    /// thread holds.
    EndedOrBlocked,
    /// Until the event has ended. The event must not need a lock that the first thread holds.
    Ended,
}

/// An event that happens inside one chosen call of a hook, while the caller of the hook waits.
/// Clones share one event.
#[derive(Clone)]
pub(crate) struct Meanwhile(Arc<Inner>);

struct Inner {
    event: Mutex<Option<Event>>,
    /// The number of the call in which the event happens, counted from 1.
    nth: usize,
    until: Until,
    calls: AtomicUsize,
    thread: Mutex<Option<JoinHandle<()>>>,
    ended_inside: AtomicBool,
}

impl Meanwhile {
    /// The event will happen inside the `nth` call of the [`hook`](Self::hook).
    pub(crate) fn new(event: Event, nth: usize, until: Until) -> Self {
        Meanwhile(Arc::new(Inner {
            event: Mutex::new(Some(event)),
            nth,
            until,
            calls: AtomicUsize::new(0),
            thread: Mutex::default(),
            ended_inside: AtomicBool::new(false),
        }))
    }

    /// The closure to run inside the operation, for example in a waker's `clone`.
    pub(crate) fn hook(&self) -> impl Fn() + Send + Sync + 'static {
        let meanwhile = self.clone();
        move || meanwhile.now()
    }

    /// Counts this call. If it is the chosen one, starts the event and waits for it.
    fn now(&self) {
        let inner = &*self.0;
        if inner.calls.fetch_add(1, SeqCst) + 1 != inner.nth {
            return;
        }
        let Some(event) = inner.event.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let said = Arc::new(OnceLock::new());
        let heard = Arc::clone(&said);
        let thread = thread::spawn(move || {
            let _ = said.set(Sleeper::this_thread());
            event();
        });
        until(PATIENCE, || heard.get().map(|_| ()));
        let sleeper = heard.get().and_then(Option::as_ref).filter(|_| inner.until == Until::EndedOrBlocked);
        let ended = Sleeper::ends_or_sleeps(sleeper, || thread.is_finished());
        inner.ended_inside.store(ended, SeqCst);
        *inner.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    }

    /// Whether the chosen call has happened.
    pub(crate) fn happened(&self) -> bool {
        self.0.calls.load(SeqCst) >= self.0.nth
    }

    /// Whether the event ended while the first thread was still inside the operation.
    pub(crate) fn ended_inside(&self) -> bool {
        self.0.ended_inside.load(SeqCst)
    }

    /// Waits for the end of the event, if it was started. The check fails if the event panicked.
    pub(crate) fn join(&self) -> Verdict {
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.map_or(Ok(()), |thread| ended(thread, "the event"))
    }
}

/// A thread of this process. Through `/proc` the kernel reports whether the thread sleeps.
pub(crate) struct Sleeper(PathBuf);

impl Sleeper {
    /// The current thread. `None` on a system without `/proc`.
    pub(crate) fn this_thread() -> Option<Self> {
        let this: io::Result<PathBuf> = fs::read_link("/proc/thread-self");
        this.ok().map(|this| Sleeper(PathBuf::from("/proc").join(this).join("stat")))
    }

    /// Waits until `ended` returns true or the thread sleeps. Returns whether it was the former.
    pub(crate) fn ends_or_sleeps(sleeper: Option<&Sleeper>, ended: impl Fn() -> bool) -> bool {
        let mut asleep = 0;
        let ended = until(PATIENCE, || {
            // One sample may hit a short sleep that has another cause. Five in a row mean that the
            // thread is blocked.
            asleep = if sleeper.is_some_and(Sleeper::is_asleep) { asleep + 1 } else { 0 };
            (ended() || asleep >= 5).then(&ended)
        });
        ended == Some(true)
    }

    /// Waits until the thread sleeps, and gives up after a tenth of [`PATIENCE`]: a thread that
    /// spins never sleeps.
    pub(crate) fn falls_asleep(sleeper: Option<&Sleeper>) {
        let mut asleep = 0;
        until(PATIENCE / 10, || {
            asleep = if sleeper.is_some_and(Sleeper::is_asleep) { asleep + 1 } else { 0 };
            (asleep >= 5).then_some(())
        });
    }

    /// Whether the thread sleeps until an event. A thread that waits for a processor or a disk does
    /// not count.
    pub(crate) fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(&self.0).unwrap_or_default();
        // The state follows the thread's name, which is in parentheses and may contain parentheses.
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('S'))
    }
}
