//! An event that happens on a second thread while the first is inside an operation: with a waker
//! that runs a closure, the order of the two is forced, and no luck is needed.

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

/// What happens.
pub(crate) type Event = Box<dyn FnOnce() + Send>;

/// For how long the first thread waits for the event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Until {
    /// Until it has happened, or its thread is blocked: it may need what the first thread holds.
    EndedOrBlocked,
    /// Until it has happened; it must not need anything that the first thread holds.
    Ended,
}

/// An event that waits for its moment.
#[derive(Clone)]
pub(crate) struct Meanwhile(Arc<Inner>);

struct Inner {
    event: Mutex<Option<Event>>,
    /// At which call it happens.
    nth: usize,
    until: Until,
    calls: AtomicUsize,
    thread: Mutex<Option<JoinHandle<()>>>,
    ended_inside: AtomicBool,
}

impl Meanwhile {
    /// The event will happen inside the `nth` call of [`now`](Self::now).
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

    /// What a waker is given to run.
    pub(crate) fn hook(&self) -> impl Fn() + Send + Sync + 'static {
        let meanwhile = self.clone();
        move || meanwhile.now()
    }

    /// If this is the moment, starts the event and waits for it.
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

    /// Whether its moment came.
    pub(crate) fn happened(&self) -> bool {
        self.0.calls.load(SeqCst) >= self.0.nth
    }

    /// Whether the event ended while the first thread was inside.
    pub(crate) fn ended_inside(&self) -> bool {
        self.0.ended_inside.load(SeqCst)
    }

    /// Waits for the end of the event, if its moment came.
    pub(crate) fn join(&self) -> Verdict {
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.map_or(Ok(()), |thread| ended(thread, "the event"))
    }
}

/// A thread of this process, of which the kernel says whether it sleeps.
pub(crate) struct Sleeper(PathBuf);

impl Sleeper {
    /// This thread; `None` where there is no `/proc`.
    pub(crate) fn this_thread() -> Option<Self> {
        let this: io::Result<PathBuf> = fs::read_link("/proc/thread-self");
        this.ok().map(|this| Sleeper(PathBuf::from("/proc").join(this).join("stat")))
    }

    /// Waits until what it does has `ended`, or it sleeps; tells which.
    pub(crate) fn ends_or_sleeps(sleeper: Option<&Sleeper>, ended: impl Fn() -> bool) -> bool {
        let mut asleep = 0;
        let ended = until(PATIENCE, || {
            // A look may fall into a short sleep that has nothing to do with us; several in a row
            // do not.
            asleep = if sleeper.is_some_and(Sleeper::is_asleep) { asleep + 1 } else { 0 };
            (ended() || asleep >= 5).then(&ended)
        });
        ended == Some(true)
    }

    /// Waits until it sleeps, or seems not to: a thread that spins never does.
    pub(crate) fn falls_asleep(sleeper: Option<&Sleeper>) {
        let mut asleep = 0;
        until(PATIENCE / 10, || {
            asleep = if sleeper.is_some_and(Sleeper::is_asleep) { asleep + 1 } else { 0 };
            (asleep >= 5).then_some(())
        });
    }

    /// Whether it waits for something, which is neither a processor nor a disk.
    pub(crate) fn is_asleep(&self) -> bool {
        let stat = fs::read_to_string(&self.0).unwrap_or_default();
        // The state follows the name, which stands in parentheses and may hold some itself.
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('S'))
    }
}
