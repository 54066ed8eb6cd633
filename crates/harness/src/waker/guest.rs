//! The tasks that a check gives an executor: they do as the check says, and note what is done to them.

use std::{
    cell::Cell,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
};

use super::{
    Tested,
    tested::{Blocking, Kind},
};
use crate::{
    Executor, Stop, Verdict, Work,
    caught::caught,
    check::{failed, not_applicable},
    holds,
    meanwhile::Event,
    probe::PATIENCE,
    until,
};

/// The executor of a subject, and what a check does with it.
pub(super) struct World {
    executor: Box<dyn Executor>,
}

impl Tested {
    /// A fresh executor of this subject.
    pub(super) fn world(&self) -> Result<World, Stop> {
        match &self.kind {
            Kind::Executor(make) => Ok(World { executor: make() }),
            Kind::BlockOn(block_on) => Ok(World { executor: Box::new(Blocking(Arc::clone(block_on))) }),
            _ => not_applicable("it is a waker alone, and no executor"),
        }
    }

    /// A fresh executor that ends when it is dropped.
    pub(super) fn mortal_world(&self) -> Result<World, Stop> {
        let world = self.world()?;
        if self.is_mortal() { Ok(world) } else { not_applicable("its executor is never dropped before its tasks") }
    }

    /// Whether it is no waker alone.
    pub(super) fn has_executor(&self) -> bool {
        matches!(self.kind, Kind::Executor(_) | Kind::BlockOn(_))
    }

    /// Whether its executor ends when it is dropped, whatever tasks it has.
    pub(super) fn is_mortal(&self) -> bool {
        !self.global && matches!(self.kind, Kind::Executor(_))
    }

    /// The white half of a check, if the subject brings one.
    pub(super) fn run_model(&self, id: &str) -> Verdict {
        let Some((_, model)) = self.models.iter().find(|(of, _)| *of == id) else { return Ok(()) };
        caught(model).or_else(|text| failed(format!("its model: {text}")))
    }

    /// Whether the subject brings the white half of a check.
    pub(super) fn has_model(&self, id: &str) -> bool {
        self.models.iter().any(|(of, _)| *of == id)
    }
}

impl World {
    /// Starts a task that does as `script` says in each poll.
    pub(super) fn spawn(&self, script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static) -> Arc<Life> {
        let (work, life) = guest(script);
        self.executor.spawn(work);
        life
    }

    /// Starts such a task, and gives the future that waits for its end.
    pub(super) fn spawn_joined(
        &self,
        script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static,
    ) -> Result<(Work, Arc<Life>), Stop> {
        let (work, life) = guest(script);
        let handle = self.executor.spawn_joined(work);
        handle.map_or_else(|| not_applicable("its tasks have no handles to join them by"), |handle| Ok((handle, life)))
    }

    /// Starts a task that keeps its first waker in its [`Life`] and waits until it is [told](Life::tell) to end.
    pub(super) fn spawn_waiting(&self) -> Arc<Life> {
        self.spawn(waits)
    }

    /// Starts such a task, and gives its waker once it was polled.
    pub(super) fn waiting(&self) -> Result<(Arc<Life>, Waker), Stop> {
        let life = self.spawn_waiting();
        let waker = self.first_waker(&life)?;
        Ok((life, waker))
    }

    /// The waker of a task that waits, once it was polled.
    pub(super) fn first_waker(&self, life: &Life) -> Result<Waker, Stop> {
        self.drive(|| life.polls() > 0);
        life.take_waker().map_or_else(|| not_applicable("a task that is spawned is not polled (C4)"), Ok)
    }

    /// Lets the executor poll until `reached`; `false` if that takes too long.
    pub(super) fn drive(&self, mut reached: impl FnMut() -> bool) -> bool {
        let mut look = || {
            self.executor.run();
            reached()
        };
        // Mostly it is a matter of microseconds, and some checks do this thousands of times.
        for _ in 0..100 {
            if look() {
                return true;
            }
            thread::yield_now();
        }
        until(PATIENCE, || look().then_some(())).is_some()
    }

    /// Lets the executor poll until the task has been polled more often than `before`.
    pub(super) fn polled_after(&self, life: &Life, before: usize, what: &str) -> Verdict {
        holds(self.drive(|| life.polls() > before), || {
            format!("{what}, and the task was not polled again in {PATIENCE:?}")
        })
    }

    /// Ends a task that waits, by this waker.
    pub(super) fn ends(&self, life: &Life, waker: Waker) -> Verdict {
        life.tell();
        waker.wake();
        // Dropping a handle may have cancelled it before that.
        let ended = self.drive(|| life.is_ready() || life.drops() > 0);
        holds(ended, || format!("a task was to end, was woken, and after {} polls it has not ended", life.polls()))
    }

    /// Lets the executor do whatever it would do: several other tasks run to their ends meanwhile.
    pub(super) fn let_others_run(&self) -> Verdict {
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

    pub(super) fn executor(&self) -> &dyn Executor {
        &*self.executor
    }
}

/// A future of a check. What happens to it, its [`Life`] tells.
struct Guest {
    life: Arc<Life>,
    script: Script,
}

type Script = Box<dyn FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send>;

/// What is known of a task; it outlives it.
#[derive(Default)]
pub(super) struct Life {
    polls: AtomicUsize,
    ready: AtomicBool,
    polls_after_ready: AtomicUsize,
    drops: AtomicUsize,
    told: AtomicBool,
    waker: Mutex<Option<Waker>>,
    on_drop: Mutex<Option<Event>>,
    inside_wake: Mutex<Option<&'static str>>,
}

/// A future that does as `script` says, and what will be known of it.
pub(super) fn guest(script: impl FnMut(&mut Context<'_>, &Life) -> Poll<()> + Send + 'static) -> (Work, Arc<Life>) {
    let life = Arc::<Life>::default();
    (Box::pin(Guest { life: Arc::clone(&life), script: Box::new(script) }), life)
}

/// The script of a task that waits until it is told to end. It keeps the waker of its first poll, and no other.
pub(super) fn waits(cx: &mut Context<'_>, life: &Life) -> Poll<()> {
    if life.told.load(SeqCst) {
        return Poll::Ready(());
    }
    if life.polls() == 0 {
        life.keep(cx.waker().clone());
    }
    Poll::Pending
}

impl Future for Guest {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Guest { life, script } = &mut *self;
        life.note_if_inside_wake("polled");
        if life.is_ready() {
            life.polls_after_ready.fetch_add(1, SeqCst);
            return Poll::Pending;
        }
        let polled = script(cx, life);
        life.ready.store(polled.is_ready(), SeqCst);
        // A poll counts when it is over: a wake that comes then is none inside a poll.
        life.polls.fetch_add(1, SeqCst);
        polled
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.life.note_if_inside_wake("dropped");
        let hook = lock(&self.life.on_drop).take();
        if let Some(hook) = hook {
            hook();
        }
        self.life.drops.fetch_add(1, SeqCst);
    }
}

impl Life {
    /// How many of its polls are over.
    pub(super) fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    /// Whether it has ended.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(SeqCst)
    }

    /// How often it was polled after it was ready.
    pub(super) fn polls_after_ready(&self) -> usize {
        self.polls_after_ready.load(SeqCst)
    }

    /// How often it was dropped.
    pub(super) fn drops(&self) -> usize {
        self.drops.load(SeqCst)
    }

    /// Its next poll is to be its last.
    pub(super) fn tell(&self) {
        self.told.store(true, SeqCst);
    }

    /// Keeps a waker for the check to take.
    pub(super) fn keep(&self, waker: Waker) {
        let old = lock(&self.waker).replace(waker);
        drop(old);
    }

    /// The waker that was kept.
    pub(super) fn take_waker(&self) -> Option<Waker> {
        lock(&self.waker).take()
    }

    /// Runs `hook` when the future is dropped.
    pub(super) fn on_drop(&self, hook: impl FnOnce() + Send + 'static) {
        *lock(&self.on_drop) = Some(Box::new(hook));
    }

    /// What was done to the future by this thread while it was [waking](waking) somebody.
    pub(super) fn inside_wake(&self) -> Option<&'static str> {
        *lock(&self.inside_wake)
    }

    /// What would have been run when the future is dropped.
    pub(super) fn take_on_drop(&self) -> Option<Event> {
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
pub(super) fn waking(wake: impl FnOnce()) {
    let outer = WAKING.replace(true);
    wake();
    WAKING.set(outer);
}

/// Locks, whoever panicked before.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
