//! The tasks that a check gives an executor: they do as the check says, and note what is done to
//! them.

use std::{
    cell::Cell,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
};

use super::{
    adapter::{Job, LocalJob, Work},
    handle::Output,
};
use crate::probe::meanwhile::Event;

/// A future of a check. What happens to it, its [`Life`] tells.
struct Guest<S> {
    life: Arc<Life>,
    script: S,
    /// The result, if it is to have one.
    output: Option<Output>,
}

type Script = Box<dyn FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send>;
type LocalScript = Box<dyn FnMut(&mut Context<'_>, &Life) -> Poll<()>>;

/// What is known of a task; it outlives it.
#[derive(Default)]
pub(crate) struct Life {
    polls: AtomicUsize,
    ready: AtomicBool,
    polls_after_ready: AtomicUsize,
    drops: AtomicUsize,
    told: AtomicBool,
    waker: Mutex<Option<Waker>>,
    on_drop: Mutex<Option<Event>>,
    inside_wake: Mutex<Option<&'static str>>,
    polling: AtomicBool,
    overlaps: AtomicUsize,
    panics_in_drop: AtomicBool,
    dropped_on: OnceLock<ThreadId>,
    /// Whoever waits for its end.
    watcher: Mutex<Option<Waker>>,
}

/// A future that does as `script` says, and what will be known of it.
pub(crate) fn guest(script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static) -> (Work, Arc<Life>) {
    let life = Arc::<Life>::default();
    let script: Script = Box::new(script);
    (Box::pin(Guest { life: Arc::clone(&life), script, output: None }), life)
}

/// The same with a result.
pub(crate) fn job(
    script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static,
    output: Output,
) -> (Job, Arc<Life>) {
    let life = Arc::<Life>::default();
    let script: Script = Box::new(script);
    (Box::pin(WithOutput(Guest { life: Arc::clone(&life), script, output: Some(output) })), life)
}

/// The same on one thread only.
pub(crate) fn local_job(
    script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + 'static,
    output: Output,
) -> (LocalJob, Arc<Life>) {
    let life = Arc::<Life>::default();
    let script: LocalScript = Box::new(script);
    (Box::pin(WithOutput(Guest { life: Arc::clone(&life), script, output: Some(output) })), life)
}

/// The script of a task that waits until it is told to end. It keeps the waker of its first poll,
/// and no other.
pub(crate) fn waits(cx: &mut Context<'_>, life: &Life) -> Poll<()> {
    if life.told.load(SeqCst) {
        return Poll::Ready(());
    }
    if life.polls() == 0 {
        life.keep(cx.waker().clone());
    }
    Poll::Pending
}

impl<S: FnMut(&mut Context<'_>, &Life) -> Poll<()>> Guest<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Guest { life, script, .. } = self;
        let _polling = Polling::begin(life);
        life.note_if_inside_wake("polled");
        if life.is_ready() {
            life.polls_after_ready.fetch_add(1, SeqCst);
            return Poll::Pending;
        }
        let polled = script(cx, life);
        life.ready.store(polled.is_ready(), SeqCst);
        // A poll counts when it is over: a wake that comes then is none inside a poll.
        life.polls.fetch_add(1, SeqCst);
        if polled.is_ready() {
            life.tell_watcher();
        }
        polled
    }
}

/// A poll that goes on.
struct Polling<'a>(&'a Life);

impl<'a> Polling<'a> {
    fn begin(life: &'a Life) -> Self {
        if life.polling.swap(true, SeqCst) {
            life.overlaps.fetch_add(1, SeqCst);
        }
        Polling(life)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.polling.store(false, SeqCst);
    }
}

impl<S: FnMut(&mut Context<'_>, &Life) -> Poll<()> + Unpin> Future for Guest<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Guest::poll(&mut self, cx)
    }
}

/// A guest that gives its result when it is ready.
struct WithOutput<S>(Guest<S>);

impl<S: FnMut(&mut Context<'_>, &Life) -> Poll<()> + Unpin> Future for WithOutput<S> {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        let polled = Guest::poll(&mut self.0, cx);
        polled.map(|()| self.0.output.take().expect("it is ready once"))
    }
}

impl<S> Drop for Guest<S> {
    fn drop(&mut self) {
        self.life.note_if_inside_wake("dropped");
        let hook = lock(&self.life.on_drop).take();
        if let Some(hook) = hook {
            hook();
        }
        let _ = self.life.dropped_on.set(thread::current().id());
        self.life.drops.fetch_add(1, SeqCst);
        self.life.tell_watcher();
        let panics = self.life.panics_in_drop.load(SeqCst) && !thread::panicking();
        assert!(!panics, "a future that panics when it is dropped");
    }
}

impl Life {
    /// How many of its polls are over.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    /// Whether it has ended.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(SeqCst)
    }

    /// How often it was polled after it was ready.
    pub(crate) fn polls_after_ready(&self) -> usize {
        self.polls_after_ready.load(SeqCst)
    }

    /// How often it was dropped.
    pub(crate) fn drops(&self) -> usize {
        self.drops.load(SeqCst)
    }

    /// How often a poll began while another one went on.
    pub(crate) fn overlaps(&self) -> usize {
        self.overlaps.load(SeqCst)
    }

    /// The thread on which it was dropped first.
    pub(crate) fn dropped_on(&self) -> Option<ThreadId> {
        self.dropped_on.get().copied()
    }

    /// From now on its drop panics, unless the thread does that already.
    pub(crate) fn panic_in_drop(&self) {
        self.panics_in_drop.store(true, SeqCst);
    }

    /// Whether it has ended or was dropped.
    pub(crate) fn is_over(&self) -> bool {
        self.is_ready() || self.drops() > 0
    }

    /// From now on this waker is woken when it is over.
    pub(crate) fn watch(&self, waker: Waker) {
        let old = lock(&self.watcher).replace(waker);
        drop(old);
    }

    fn tell_watcher(&self) {
        let watcher = lock(&self.watcher).take();
        watcher.into_iter().for_each(Waker::wake);
    }

    /// Its next poll is to be its last.
    pub(crate) fn tell(&self) {
        self.told.store(true, SeqCst);
    }

    /// Keeps a waker for the check to take.
    pub(crate) fn keep(&self, waker: Waker) {
        let old = lock(&self.waker).replace(waker);
        drop(old);
    }

    /// The waker that was kept.
    pub(crate) fn take_waker(&self) -> Option<Waker> {
        lock(&self.waker).take()
    }

    /// Runs `hook` when the future is dropped.
    pub(crate) fn on_drop(&self, hook: impl FnOnce() + Send + 'static) {
        *lock(&self.on_drop) = Some(Box::new(hook));
    }

    /// What was done to the future by this thread while it was [waking](waking) somebody.
    pub(crate) fn inside_wake(&self) -> Option<&'static str> {
        *lock(&self.inside_wake)
    }

    /// What would have been run when the future is dropped.
    pub(crate) fn take_on_drop(&self) -> Option<Event> {
        lock(&self.on_drop).take()
    }

    fn note_if_inside_wake(&self, what: &'static str) {
        if WAKING.get() {
            lock(&self.inside_wake).get_or_insert(what);
        }
    }
}

thread_local! {
    /// Whether this thread is inside a wake.
    static WAKING: Cell<bool> = const { Cell::new(false) };
}

/// Wakes somebody, so that a task to which something is done meanwhile notes it.
pub(crate) fn waking(wake: impl FnOnce()) {
    let outer = WAKING.replace(true);
    wake();
    WAKING.set(outer);
}

/// Locks, whoever panicked before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
