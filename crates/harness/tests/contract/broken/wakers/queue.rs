//! An executor that passes every check, and the places where a [`Fault`] changes it. It has a run
//! queue, and owns its tasks until they end. Each fault is one `if` or one value.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    pin::Pin,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread::{self, ThreadId},
};

use harness::{
    Executor, Handle, Work,
    executor::{Job, Output},
};

use super::raw::{self, Wakee};

/// The one thing that is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    None,
    PollsAfterTheEnd,
    TouchesTheDropped,
    PublishesThenTouches,
    /// Not a fault in itself: only its wakers own a task that waits.
    OwnsNothing,
    OutlivesItself,
    TouchesTheRefused,
    PollsInsideWake,
    DropsInsideWake,
    LocksWhilePolling,
    LocksWhileDropping,
    ForgetsWakesInsidePoll,
    ForgetsOthersInsidePoll,
    QueuesEveryWake,
    QueuesEveryWakeInsidePoll,
    StrandedByAnOverlap,
    KeepsTheJoinWaker,
}

/// The executor.
pub struct Queue(Arc<Shared>);

struct Shared {
    fault: Fault,
    wakers: raw::Fault,
    run: Mutex<Run>,
    owned: Mutex<BTreeMap<usize, Arc<Task>>>,
    started: AtomicUsize,
    hook: OnceLock<Arc<dyn Fn() + Send + Sync>>,
    lock: Lock,
}

#[derive(Default)]
struct Run {
    entries: VecDeque<Arc<Task>>,
    closed: bool,
}

struct Task {
    fault: Fault,
    number: usize,
    shared: Weak<Shared>,
    /// Keeps the executor alive, if that is the fault.
    #[expect(dead_code, reason = "it only has to live")]
    keeps: Option<Arc<Shared>>,
    state: Mutex<State>,
    /// Locked while it is polled. `None` once the task has ended.
    future: Mutex<Option<Work>>,
    join: Mutex<Join>,
}

#[derive(Default)]
struct State {
    /// Whether a wake came since the last poll began.
    woken: bool,
    polled_by: Option<ThreadId>,
    ended: bool,
    /// Whether a wake is putting it into the queue.
    scheduling: bool,
}

#[derive(Default)]
struct Join {
    ended: bool,
    waker: Option<Waker>,
}

impl Queue {
    pub fn new(fault: Fault, wakers: raw::Fault) -> Self {
        Queue(Arc::new(Shared {
            fault,
            wakers,
            run: Mutex::default(),
            owned: Mutex::default(),
            started: AtomicUsize::new(0),
            hook: OnceLock::new(),
            lock: Lock::default(),
        }))
    }

    fn start(&self, work: Work) -> Arc<Task> {
        let fault = self.0.fault;
        let task = Arc::new(Task {
            fault,
            number: self.0.started.fetch_add(1, SeqCst),
            shared: Arc::downgrade(&self.0),
            keeps: (fault == Fault::OutlivesItself).then(|| Arc::clone(&self.0)),
            state: Mutex::new(State { woken: true, ..State::default() }),
            future: Mutex::new(Some(work)),
            join: Mutex::default(),
        });
        if !matches!(fault, Fault::OwnsNothing | Fault::OutlivesItself) {
            lock(&self.0.owned).insert(task.number, Arc::clone(&task));
        }
        lock(&self.0.run).entries.push_back(Arc::clone(&task));
        task
    }
}

impl Executor for Queue {
    fn spawn(&self, work: Work) {
        self.start(work);
    }

    fn run(&self) {
        let next = || lock(&self.0.run).entries.pop_front();
        while let Some(task) = next() {
            task.poll(&self.0);
        }
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        let result = Arc::new(Mutex::new(None));
        let ends = Ends(self.start(Box::pin(Leaves(job, Arc::clone(&result)))));
        Some(Handle::new(async move {
            ends.await;
            let output = lock(&result).take();
            output.expect("a task that has ended leaves its result")
        }))
    }

    fn queue_len(&self) -> Option<usize> {
        Some(lock(&self.0.run).entries.len())
    }

    fn inside_wake(&self, hook: Box<dyn Fn() + Send + Sync>) -> bool {
        self.0.hook.set(hook.into()).is_ok()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let mut run = lock(&self.0.run);
        run.closed = self.0.fault != Fault::OutlivesItself;
        let entries = mem::take(&mut run.entries);
        drop(run);
        let owned = mem::take(&mut *lock(&self.0.owned));
        owned.values().for_each(|task| task.drop_future(&self.0));
        drop(entries);
    }
}

impl Task {
    fn poll(self: &Arc<Self>, shared: &Arc<Shared>) {
        let mut state = lock(&self.state);
        if state.ended {
            return;
        }
        (state.woken, state.polled_by) = (false, Some(thread::current().id()));
        drop(state);
        let mut future = lock(&self.future);
        let Some(pinned) = future.as_mut() else { return };
        let (waker, _) = raw::waker(shared.wakers, Arc::<Task>::clone(self));
        let held = (shared.fault == Fault::LocksWhilePolling).then(|| shared.lock.lock());
        let polled = pinned.as_mut().poll(&mut Context::from_waker(&waker));
        drop((held, future, waker));
        let mut state = lock(&self.state);
        state.polled_by = None;
        if polled.is_pending() {
            let again = mem::take(&mut state.woken) && shared.fault != Fault::ForgetsWakesInsidePoll;
            state.woken = again;
            drop(state);
            if again {
                push(Arc::clone(shared), Arc::clone(self));
            }
            return;
        }
        state.ended = shared.fault != Fault::PollsAfterTheEnd;
        let ended = state.ended;
        drop(state);
        lock(&shared.owned).remove(&self.number);
        if ended {
            self.drop_future(shared);
        }
        let mut join = lock(&self.join);
        join.ended = true;
        let waker = join.waker.take();
        if shared.fault == Fault::KeepsTheJoinWaker {
            join.waker.clone_from(&waker);
        }
        drop(join);
        waker.into_iter().for_each(Waker::wake);
    }

    fn drop_future(&self, shared: &Shared) {
        let future = lock(&self.future).take();
        let held = (shared.fault == Fault::LocksWhileDropping).then(|| shared.lock.lock());
        drop(future);
        drop(held);
    }

    /// The executor is dropped, and its queue takes no task any more.
    fn refused(self: Arc<Self>) {
        let fault = self.fault;
        if fault == Fault::DropsInsideWake {
            let future = lock(&self.future).take();
            drop(future);
        }
        let freed = Arc::downgrade(&self);
        drop(self);
        if fault == Fault::TouchesTheRefused {
            lock(&freed.upgrade().expect("a task was touched after it was freed").state).woken = false;
        }
    }
}

impl Wakee for Task {
    fn wake(self: Arc<Self>) {
        let fault = self.fault;
        let Some(shared) = self.shared.upgrade() else {
            assert!(fault != Fault::TouchesTheDropped, "an executor was touched after it was freed");
            return self.refused();
        };
        let held = matches!(fault, Fault::LocksWhilePolling | Fault::LocksWhileDropping).then(|| shared.lock.lock());
        drop(held);
        let mut state = lock(&self.state);
        if state.ended {
            return;
        }
        let polled = state.polled_by.is_some();
        if fault == Fault::ForgetsOthersInsidePoll && polled && state.polled_by != Some(thread::current().id()) {
            return;
        }
        let woken = mem::replace(&mut state.woken, true);
        let is_queued = match fault {
            Fault::QueuesEveryWake => polled,
            Fault::QueuesEveryWakeInsidePoll => woken && !polled,
            Fault::StrandedByAnOverlap => woken || polled || state.scheduling,
            _ => woken || polled,
        };
        if is_queued {
            return;
        }
        state.scheduling = true;
        drop(state);
        if fault == Fault::PollsInsideWake {
            return self.poll(&shared);
        }
        let scheduled = (fault == Fault::StrandedByAnOverlap).then(|| Arc::clone(&self));
        push(shared, self);
        if let Some(task) = scheduled {
            lock(&task.state).scheduling = false;
        }
    }
}

fn push(shared: Arc<Shared>, task: Arc<Task>) {
    let fault = shared.fault;
    let mut run = lock(&shared.run);
    if run.closed {
        drop(run);
        return task.refused();
    }
    run.entries.push_back(task);
    drop(run);
    let (hook, weak) = (shared.hook.get().cloned(), Arc::downgrade(&shared));
    let kept = (fault != Fault::PublishesThenTouches).then_some(shared);
    hook.inspect(|hook| hook());
    drop(kept);
    if fault == Fault::PublishesThenTouches {
        assert!(weak.upgrade().is_some(), "an executor was touched after it was freed");
    }
}

/// Stores the result of a future for its handle.
struct Leaves(Job, Arc<Mutex<Option<Output>>>);

impl Future for Leaves {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx).map(|output| *lock(&self.1) = Some(output))
    }
}

/// A future that is ready once a task has ended.
struct Ends(Arc<Task>);

impl Future for Ends {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut join = lock(&self.0.join);
        if join.ended {
            return Poll::Ready(());
        }
        let old = join.waker.replace(waker);
        drop(join);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        if self.0.fault != Fault::KeepsTheJoinWaker {
            let waker = lock(&self.0.join).waker.take();
            drop(waker);
        }
    }
}

/// A reentrant lock: the thread that holds it may acquire it again.
#[derive(Default)]
struct Lock(Mutex<Option<(ThreadId, usize)>>, Condvar);

struct Locked<'a>(&'a Lock);

impl Lock {
    fn lock(&self) -> Locked<'_> {
        let this = thread::current().id();
        let free = |owner: &mut Option<(ThreadId, usize)>| owner.is_some_and(|(thread, _)| thread != this);
        let mut owner = self.1.wait_while(lock(&self.0), free).unwrap_or_else(PoisonError::into_inner);
        *owner = Some((this, owner.map_or(1, |(_, times)| times + 1)));
        Locked(self)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let mut owner = lock(&self.0.0);
        *owner = owner.and_then(|(thread, times)| (times > 1).then(|| (thread, times - 1)));
        self.0.1.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
