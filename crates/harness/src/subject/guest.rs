//! The futures that a check gives to an executor. A closure of the check decides what each poll
//! does, and a shared record counts polls and drops.

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
    work::Output,
    work::{Job, LocalJob, Work},
};
use crate::probe::meanwhile::Event;

/// A future of a check. Its [`Life`] records its polls and drops.
struct Guest<S> {
    life: Arc<Life>,
    /// Called in each poll.
    script: S,
    /// The result, if the future returns one.
    output: Option<Output>,
}

type Script = Box<dyn FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send>;
type LocalScript = Box<dyn FnMut(&mut Context<'_>, &Life) -> Poll<()>>;

/// The record of a [`Guest`], shared with the check. It outlives the future.
#[derive(Default)]
pub(crate) struct Life {
    polls: AtomicUsize,
    ready: AtomicBool,
    polls_after_ready: AtomicUsize,
    drops: AtomicUsize,
    told_to_end: AtomicBool,
    waker: Mutex<Option<Waker>>,
    on_drop: Mutex<Option<Event>>,
    inside_wake: Mutex<Option<&'static str>>,
    polling: AtomicBool,
    overlaps: AtomicUsize,
    panics_in_drop: AtomicBool,
    dropped_on: OnceLock<ThreadId>,
    /// The waker of a future that waits until this one is over.
    watcher: Mutex<Option<Waker>>,
}

/// A future that calls `script` in each poll, and its record.
pub(crate) fn guest(script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static) -> (Work, Arc<Life>) {
    let life = Arc::<Life>::default();
    let script: Script = Box::new(script);
    (Box::pin(Guest { life: Arc::clone(&life), script, output: None }), life)
}

/// Like [`guest`], but the future returns `output` when `script` is ready.
pub(crate) fn job(
    script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static,
    output: Output,
) -> (Job, Arc<Life>) {
    let life = Arc::<Life>::default();
    let script: Script = Box::new(script);
    (Box::pin(WithOutput(Guest { life: Arc::clone(&life), script, output: Some(output) })), life)
}

/// Like [`job`], but not `Send`.
pub(crate) fn local_job(
    script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + 'static,
    output: Output,
) -> (LocalJob, Arc<Life>) {
    let life = Arc::<Life>::default();
    let script: LocalScript = Box::new(script);
    (Box::pin(WithOutput(Guest { life: Arc::clone(&life), script, output: Some(output) })), life)
}

/// The script of a task that waits until the check calls [`Life::tell`]. It keeps the waker of its
/// first poll only.
pub(crate) fn waits(cx: &mut Context<'_>, life: &Life) -> Poll<()> {
    if life.told_to_end.load(SeqCst) {
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
        // Counted at the end of the poll: a check that sees the new count and then wakes the task
        // does so after the poll.
        life.polls.fetch_add(1, SeqCst);
        if polled.is_ready() {
            life.tell_watcher();
        }
        polled
    }
}

/// Guard: marks that a poll is running, until it is dropped. Counts polls that overlap.
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

/// A guest that returns its output when it is ready.
struct WithOutput<S>(Guest<S>);

impl<S: FnMut(&mut Context<'_>, &Life) -> Poll<()> + Unpin> Future for WithOutput<S> {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        let polled = Guest::poll(&mut self.0, cx);
        polled.map(|()| self.0.output.take().expect("a guest is ready only once"))
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
    /// The number of polls that have ended.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    /// Whether the future has returned `Ready`.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(SeqCst)
    }

    /// The number of polls after `Ready`.
    pub(crate) fn polls_after_ready(&self) -> usize {
        self.polls_after_ready.load(SeqCst)
    }

    /// The number of drops.
    pub(crate) fn drops(&self) -> usize {
        self.drops.load(SeqCst)
    }

    /// The number of polls that began during another poll of the same future.
    pub(crate) fn overlaps(&self) -> usize {
        self.overlaps.load(SeqCst)
    }

    /// The thread of the first drop.
    pub(crate) fn dropped_on(&self) -> Option<ThreadId> {
        self.dropped_on.get().copied()
    }

    /// Makes the drop of the future panic, unless the thread is already panicking.
    pub(crate) fn panic_in_drop(&self) {
        self.panics_in_drop.store(true, SeqCst);
    }

    /// Whether the future has returned `Ready` or was dropped.
    pub(crate) fn is_over(&self) -> bool {
        self.is_ready() || self.drops() > 0
    }

    /// Registers a waker, to be woken when the future is over. It replaces the previous one.
    pub(crate) fn watch(&self, waker: Waker) {
        let old = lock(&self.watcher).replace(waker);
        drop(old);
    }

    fn tell_watcher(&self) {
        let watcher = lock(&self.watcher).take();
        watcher.into_iter().for_each(Waker::wake);
    }

    /// Tells a future with the script [`waits`] to return `Ready` in its next poll.
    pub(crate) fn tell(&self) {
        self.told_to_end.store(true, SeqCst);
    }

    /// Keeps a waker, which the check can take.
    pub(crate) fn keep(&self, waker: Waker) {
        let old = lock(&self.waker).replace(waker);
        drop(old);
    }

    /// Takes the waker that was kept.
    pub(crate) fn take_waker(&self) -> Option<Waker> {
        lock(&self.waker).take()
    }

    /// Runs `hook` when the future is dropped.
    pub(crate) fn on_drop(&self, hook: impl FnOnce() + Send + 'static) {
        *lock(&self.on_drop) = Some(Box::new(hook));
    }

    /// Whether a thread inside [`waking`] polled or dropped the future: `"polled"`, `"dropped"` or
    /// `None`.
    pub(crate) fn inside_wake(&self) -> Option<&'static str> {
        *lock(&self.inside_wake)
    }

    /// Takes the hook of [`on_drop`](Self::on_drop) out, so that the drop does not run it.
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
    /// Whether this thread is inside [`waking`].
    static WAKING: Cell<bool> = const { Cell::new(false) };
}

/// Calls `wake`. A future that is polled or dropped inside that call records it.
pub(crate) fn waking(wake: impl FnOnce()) {
    let outer = WAKING.replace(true);
    wake();
    WAKING.set(outer);
}

/// Locks, and ignores poisoning.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
