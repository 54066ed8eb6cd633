//! An executor on one thread that passes every check, and the places where a [`Fault`] changes it.
//! Its table of tasks never leaves the thread. Every thread may add to its queue of task numbers.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    mem,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    rc::{Rc, Weak},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use harness::{
    Executor, Handle, Work,
    executor::{End, Job, LocalJob, LocalWork, Output, Spawner},
};

use super::{
    join::Join,
    numbers::{Numbers, lock},
    with_unsafe::Anywhere,
};

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// Nothing. Every check passes, which shows that the others fail because of their fault.
    None,
    PollsAfterTheEnd,
    KeepsTheFuture,
    JoinsBeforeTheDrop,
    WakesAll,
    NewestFirst,
    TimersWhenIdle,
    OneRound,
    /// Not a fault in itself: a panic leaves the call that polls.
    Propagates,
    PoisonedByAPanic,
    KeepsWhatPanics,
    CancelsWhenDropped,
    AbortsInPlace,
    SpawnsForEver,
    LeaksTheWaiting,
    LocksWhileDropping,
    NotesEveryTask,
    RunnerKeepsItsTasks,
    KeepsTheNotice,
    LosesEarlyWakes,
    Spins,
    LooksEveryMillisecond,
}

/// The executor.
pub struct OneThread(Rc<Core>);

struct Core {
    fault: Fault,
    numbers: Arc<Numbers>,
    tasks: RefCell<BTreeMap<usize, Task>>,
    closed: Cell<bool>,
    polls: Cell<usize>,
    poisoned: Cell<bool>,
    notes: RefCell<Vec<usize>>,
}

struct Task {
    /// `None` while it is polled.
    future: Option<LocalJob>,
    waker: Arc<Number>,
    join: Join,
}

/// The data of a waker: the number of its task, and the queue.
pub struct Number {
    number: usize,
    numbers: Arc<Numbers>,
    is_queued: AtomicBool,
    is_aborted: AtomicBool,
}

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, SeqCst) {
            self.numbers.push(self.number);
        }
    }
}

thread_local! {
    /// The timers of all executors of this thread.
    static TIMERS: RefCell<Vec<(Instant, Waker)>> = const { RefCell::new(Vec::new()) };
}

impl OneThread {
    pub fn new(fault: Fault) -> Self {
        OneThread(Rc::new(Core {
            fault,
            numbers: Arc::new(Numbers::new(fault)),
            tasks: RefCell::default(),
            closed: Cell::default(),
            polls: Cell::default(),
            poisoned: Cell::default(),
            notes: RefCell::default(),
        }))
    }
}

impl Executor for OneThread {
    fn spawn(&self, work: Work) {
        self.0.start(Box::pin(WithoutResult(work)));
    }

    fn block_on(&self, mut root: Work) -> bool {
        let number = self.0.number();
        let waker = Waker::from(Arc::clone(&number));
        waker.wake_by_ref();
        loop {
            let next = self.0.next();
            if next == Some(number.number) {
                number.is_queued.store(false, SeqCst);
                if root.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                    return true;
                }
                if self.0.fault == Fault::LosesEarlyWakes {
                    self.0.numbers.forget(number.number);
                    number.is_queued.store(false, SeqCst);
                }
            } else if let Some(next) = next {
                self.0.poll(next);
            } else {
                self.0.park();
            }
        }
    }

    fn run_until_stalled(&self) -> bool {
        fire();
        let mut left = if self.0.fault == Fault::OneRound { self.0.numbers.len() } else { usize::MAX };
        while left > 0
            && let Some(number) = self.0.next()
        {
            self.0.poll(number);
            left -= 1;
        }
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        self.spawn_local(job)
    }

    fn spawn_local(&self, job: LocalJob) -> Option<Handle> {
        let (join, waker) = self.0.start(job)?;
        let in_place = (self.0.fault == Fault::AbortsInPlace).then(|| Anywhere::new(Rc::downgrade(&self.0)));
        let abort = move || {
            waker.is_aborted.store(true, SeqCst);
            let core = in_place.as_ref().and_then(|core| core.get().upgrade());
            let task = core.and_then(|core| core.tasks.borrow_mut().remove(&waker.number));
            drop(task);
            waker.wake_by_ref();
        };
        let when_dropped =
            (self.0.fault == Fault::CancelsWhenDropped).then(|| Box::new(abort.clone()) as Box<dyn FnOnce() + Send>);
        Some(Handle::new(join.handle(when_dropped)).aborted_by(abort))
    }

    fn spawner(&self) -> Option<Spawner> {
        if self.0.fault == Fault::SpawnsForEver {
            let core = Rc::clone(&self.0);
            return Some(Spawner::local(move |work| drop(core.start(Box::pin(WithoutResult(work))))));
        }
        let core = Rc::downgrade(&self.0);
        Some(Spawner::local(move |work| {
            core.upgrade().map(|core| core.start(Box::pin(WithoutResult(work))));
        }))
    }

    fn runner(&self) -> Option<LocalWork> {
        Some(Box::pin(Runner::new(&self.0, 200)))
    }

    fn ticker(&self) -> Option<LocalWork> {
        Some(Box::pin(Runner::new(&self.0, 1)))
    }

    fn timer(&self) -> Option<fn(Duration) -> Work> {
        Some(|after| Box::pin(Sleep(Instant::now() + after)))
    }
}

impl Core {
    fn number(&self) -> Arc<Number> {
        let number = self.numbers.fresh();
        let (is_queued, is_aborted) = Default::default();
        Arc::new(Number { number, numbers: Arc::clone(&self.numbers), is_queued, is_aborted })
    }

    fn start(&self, job: LocalJob) -> Option<(Join, Arc<Number>)> {
        assert!(!self.poisoned.get(), "the executor is poisoned");
        if self.closed.get() && self.fault != Fault::SpawnsForEver {
            return None;
        }
        let (join, waker) = (Join::default(), self.number());
        let task = Task { future: Some(job), waker: Arc::clone(&waker), join: join.clone() };
        self.tasks.borrow_mut().insert(waker.number, task);
        if self.fault == Fault::NotesEveryTask {
            self.notes.borrow_mut().push(waker.number);
        }
        waker.wake_by_ref();
        Some((join, waker))
    }

    /// Gives the next task. Every 16 polls it looks at the timers, so busy tasks do not starve
    /// them.
    fn next(&self) -> Option<usize> {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get().is_multiple_of(16) && self.fault != Fault::TimersWhenIdle {
            fire();
        }
        self.numbers.pop()
    }

    fn park(&self) {
        let next = TIMERS.with_borrow(|timers| timers.iter().map(|(at, _)| *at).min());
        self.numbers.park(next);
        fire();
    }

    fn poll(&self, number: usize) {
        if self.fault == Fault::WakesAll {
            let rest: Vec<_> = self.tasks.borrow().keys().copied().filter(|other| *other != number).collect();
            rest.into_iter().for_each(|other| self.poll_one(other));
        }
        self.poll_one(number);
    }

    fn poll_one(&self, number: usize) {
        let mut tasks = self.tasks.borrow_mut();
        let Some(task) = tasks.get_mut(&number) else { return };
        let waker = Arc::clone(&task.waker);
        waker.is_queued.store(false, SeqCst);
        let Some(mut future) = task.future.take() else { return };
        drop(tasks);
        if waker.is_aborted.load(SeqCst) {
            return self.end(number, future, End::Cancelled);
        }
        let context = Waker::from(Arc::clone(&waker));
        let poll = || future.as_mut().poll(&mut Context::from_waker(&context));
        match panic::catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => self.put_back(number, future),
            Ok(Poll::Ready(_)) if self.fault == Fault::PollsAfterTheEnd => self.put_back(number, future),
            Ok(Poll::Ready(output)) => self.end(number, future, End::Finished(output)),
            Err(payload) => {
                self.end(number, future, End::Panicked);
                self.poisoned.set(self.fault == Fault::PoisonedByAPanic);
                if self.fault == Fault::Propagates {
                    panic::resume_unwind(payload);
                }
                // The payload of a `panic!` does not panic when it is dropped.
                drop(payload);
            }
        }
    }

    fn put_back(&self, number: usize, future: LocalJob) {
        if let Some(task) = self.tasks.borrow_mut().get_mut(&number) {
            task.future = Some(future);
        }
    }

    fn end(&self, number: usize, future: LocalJob, end: End) {
        let task = self.tasks.borrow_mut().remove(&number);
        let Some(task) = task else { return };
        if self.fault == Fault::JoinsBeforeTheDrop {
            task.join.end(end);
            return drop(future);
        }
        let leaves = |future| if self.fault == Fault::KeepsTheFuture { mem::forget(future) } else { drop(future) };
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| leaves(future)));
        if dropped.is_err() && self.fault == Fault::KeepsWhatPanics {
            self.tasks.borrow_mut().insert(number, task);
            return;
        }
        let ended = panic::catch_unwind(AssertUnwindSafe(|| task.join.end(end)));
        drop((dropped, ended));
    }
}

impl Drop for OneThread {
    fn drop(&mut self) {
        let core = &self.0;
        core.closed.set(true);
        let tasks = mem::take(&mut *core.tasks.borrow_mut());
        if core.fault == Fault::LeaksTheWaiting {
            return mem::forget(tasks);
        }
        let held = (core.fault == Fault::LocksWhileDropping).then(|| lock(&core.numbers.queue));
        for (_, task) in tasks {
            let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(task.future)));
            let _ = panic::catch_unwind(AssertUnwindSafe(|| task.join.end(End::Cancelled)));
        }
        drop(held);
    }
}

/// Wakes the tasks whose timers are due.
fn fire() {
    let now = Instant::now();
    let due = TIMERS.with_borrow_mut(|timers| timers.extract_if(.., |(at, _)| *at <= now).collect::<Vec<_>>());
    due.into_iter().for_each(|(_, waker)| waker.wake());
}

struct Sleep(Instant);

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.0 {
            return Poll::Ready(());
        }
        TIMERS.with_borrow_mut(|timers| timers.push((self.0, cx.waker().clone())));
        Poll::Pending
    }
}

/// A future that polls up to `at_once` tasks each time it is polled.
struct Runner {
    core: Weak<Core>,
    at_once: usize,
    number: usize,
    in_hand: VecDeque<usize>,
}

impl Runner {
    fn new(core: &Rc<Core>, at_once: usize) -> Self {
        Runner { core: Rc::downgrade(core), at_once, number: core.numbers.fresh(), in_hand: VecDeque::new() }
    }
}

impl Future for Runner {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(core) = self.core.upgrade() else { return Poll::Ready(()) };
        // It registers before it looks, so that it misses no task.
        core.numbers.sleep(self.number, cx.waker());
        let mut polled = 0;
        while polled < self.at_once {
            if core.fault == Fault::RunnerKeepsItsTasks {
                while let Some(number) = core.next() {
                    self.in_hand.push_back(number);
                }
            }
            let Some(number) = self.in_hand.pop_front().or_else(|| core.next()) else { return Poll::Pending };
            core.poll(number);
            polled += 1;
        }
        core.numbers.wake_up(self.number);
        if self.at_once == 1 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let Some(core) = self.core.upgrade() else { return };
        core.numbers.wake_up(self.number);
        if core.fault != Fault::KeepsTheNotice && core.numbers.len() > 0 {
            core.numbers.wake_one();
        }
    }
}

/// A task that nobody joins.
pub struct WithoutResult(pub Work);

impl Future for WithoutResult {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        self.0.as_mut().poll(cx).map(|()| Output::default())
    }
}
