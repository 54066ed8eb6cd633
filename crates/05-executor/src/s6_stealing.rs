//! Stage 6: each worker has a queue of its own, and steals from the others when that is empty. What a task wakes or spawns, its
//! worker runs, without a lock. What comes from other threads, and what a worker has no room for, is in a queue for all.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    iter, mem,
    pin::pin,
    ptr,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};

use futures::{
    future::FutureObj,
    task::{Spawn, SpawnError},
};

pub use crate::parts::task::{AbortHandle, JoinError, JoinHandle};
use crate::parts::{
    driver::{Driver, POLLS_PER_TURN, Parking},
    enter::enter,
    event,
    idle::Idle,
    root::Root,
    seats::Seats,
    shared_owner::SharedOwner,
    steal::{
        injector::Injector,
        ring::{Local, Ring, ring},
    },
    task::{Schedule, Woken},
};

/// After so many polls a worker takes a task from the queue for all, however many are in its own.
const POLLS_PER_LOOK: u32 = 61;

/// An executor on a number of threads.
///
/// Each queue is first come, first served: a task that is in a worker's own is taken from there after those that were in front of it,
/// and one of the queue for all after so many times 61 polls of each worker at the latest, as there were tasks in
/// front of it. A future is polled now here, now there, and so it must be `Send`:
///
/// ```compile_fail,E0277
/// let executor = lesson_executor::s6_stealing::Executor::new(2);
/// let local = std::rc::Rc::new(5);
/// executor.spawn(async move { *local });
/// ```
pub struct Executor {
    spawner: Spawner,
    workers: Vec<thread::JoinHandle<()>>,
}

/// The tasks that are worth a poll, and who may come for them.
struct RunQueues {
    /// Those of the workers, by their numbers.
    rings: Vec<Arc<Ring>>,
    injector: Injector,
    idle: Idle,
}

thread_local! {
    /// The end of the queue of the worker that this thread is.
    static OWN: RefCell<Option<Rc<Own>>> = const { RefCell::new(None) };
}

/// What only the worker itself touches.
struct Own {
    local: Local,
    /// Whose worker it is.
    of: *const RunQueues,
    /// Whether it is in a poll: what is pushed meanwhile comes after it.
    polls: Cell<bool>,
}

// ANCHOR: wake
impl Schedule for RunQueues {
    fn schedule(&self, woken: Woken) {
        let elsewhere = OWN.try_with(|own| match &*own.borrow() {
            Some(own) if ptr::eq(own.of, self) => {
                self.push(own, woken);
                None
            }
            _ => Some(woken),
        });
        if let Ok(Some(woken)) = elsewhere {
            self.injector.push([woken]);
            self.idle.notify();
        }
    }

    fn close(&self) {
        self.injector.close();
    }
}

impl RunQueues {
    /// Into the worker's own queue. One that is alone there is what this worker takes next: nobody is woken for it. But a poll
    /// that goes on for long keeps it waiting, so then somebody has to watch.
    fn push(&self, Own { local, polls, .. }: &Own, woken: Woken) {
        let is_next = local.is_empty() && (!polls.get() || self.idle.is_watched());
        if let Err(overflow) = local.push(woken) {
            self.injector.push(overflow);
        }
        if !is_next {
            self.idle.notify();
        }
    }

    fn is_more(&self) -> bool {
        !self.injector.is_empty() || self.rings.iter().any(|ring| !ring.is_empty())
    }
}
// ANCHOR_END: wake

impl Executor {
    /// So many workers, each of which sleeps in a parker.
    ///
    /// # Panics
    ///
    /// If that is none, or the system gives no thread.
    pub fn new(workers: usize) -> Self {
        Executor::start(workers, Seats::new(None))
    }

    /// So many workers, one of which, when it has nothing to do, sleeps in this driver. They have it look after others, too: each
    /// after [`POLLS_PER_TURN`] polls at the latest. Only one at a time is in the driver.
    ///
    /// # Panics
    ///
    /// As [`Executor::new`].
    pub fn with_driver(workers: usize, driver: impl Driver + Send + 'static) -> Self {
        Executor::start(workers, Seats::new(Some(Box::new(driver))))
    }

    // ANCHOR: start
    fn start(workers: usize, seats: Seats) -> Self {
        assert!(workers > 0, "a pool has one worker at least");
        let (locals, rings): (Vec<_>, _) = iter::repeat_with(ring).take(workers).unzip();
        let queues = RunQueues { rings, injector: Injector::new(), idle: Idle::new(workers) };
        let (spawner, seats) = (Spawner(Arc::new(SharedOwner::new(queues))), Arc::new(seats));
        let mut executor = Executor { spawner, workers: Vec::new() };
        for (number, local) in locals.into_iter().enumerate() {
            let worker = Worker { number, spawner: executor.spawner.clone(), seats: Arc::clone(&seats) };
            let thread = thread::Builder::new().name(format!("worker {number}")).spawn(|| worker.run(local));
            executor.workers.push(thread.expect("the system gives a thread for each worker"));
        }
        executor
    }
    // ANCHOR_END: start

    // ANCHOR: spawn
    /// Makes a task of the future, and puts it into the queue. What it gives, the handle is for; if that is dropped, the task runs
    /// on.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawner.spawn(future)
    }

    /// What can spawn tasks of this executor, and may be cloned and kept, by its tasks too. Once the executor is gone, what is
    /// spawned is dropped at once.
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }
    // ANCHOR_END: spawn

    // ANCHOR: block_on
    /// Polls this future on this thread, until it is ready. The tasks run beside, as they do before and after.
    ///
    /// # Panics
    ///
    /// If this thread runs an executor already: in a task, for example.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = (enter(), self.spawner.make_current());
        let mut parking = Parking::default();
        let root = Root::new(parking.unparker());
        let waker = Waker::from(root.clone());
        let mut future = pin!(future);
        loop {
            if root.take_wake()
                && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            if !root.is_woken() {
                parking.park(None);
            }
        }
    }
    // ANCHOR_END: block_on
}

impl Drop for Executor {
    // ANCHOR: drop
    /// Stops the workers, waits until each has ended the poll that it is in, and drops all futures that are left, on this thread.
    /// In a poll of its own tasks it does not wait for that one. Handles and wakers may outlive it.
    fn drop(&mut self) {
        self.spawner.0.scheduler().idle.close();
        let others =
            mem::take(&mut self.workers).into_iter().filter(|worker| worker.thread().id() != thread::current().id());
        // A worker panics only if the driver does.
        others.for_each(|worker| drop(worker.join()));
        let _current = self.spawner.make_current();
        self.spawner.0.close();
    }
    // ANCHOR_END: drop
}

/// One of the threads.
struct Worker {
    number: usize,
    spawner: Spawner,
    seats: Arc<Seats>,
}

impl Worker {
    fn run(self, local: Local) {
        let _entered = (enter(), self.spawner.make_current());
        let own = Rc::new(Own { local, of: self.spawner.0.scheduler(), polls: Cell::new(false) });
        OWN.set(Some(Rc::clone(&own)));
        self.work(&own);
        // With what is left in its queue, and where nothing is borrowed.
        drop((OWN.take(), own));
    }

    // ANCHOR: run
    fn work(&self, own: &Own) {
        let Worker { number, spawner: Spawner(owner), seats } = self;
        let queues @ RunQueues { idle, .. } = owner.scheduler();
        let (mut parking, mut polls, mut searching) = (Parking::default(), 0_u32, false);
        while !idle.is_closed() {
            let Some(woken) = self.next(&own.local, polls, &mut searching) else {
                let is_more = || queues.is_more();
                searching = seats.sit(*number, &mut parking, |seat| idle.sleep(seat, searching, is_more));
                continue;
            };
            if mem::take(&mut searching) {
                idle.found(|| queues.is_more());
            } else if !own.local.is_empty() {
                // There is one for somebody else, too.
                idle.notify();
            }
            own.polls.set(true);
            owner.run(woken);
            own.polls.set(false);
            polls = polls.wrapping_add(1);
            if polls.is_multiple_of(POLLS_PER_TURN) {
                seats.turn();
            }
        }
    }

    /// The next to be polled: its own, then one for all, then somebody else's.
    fn next(&self, local: &Local, polls: u32, searching: &mut bool) -> Option<Woken> {
        let RunQueues { rings, injector, idle } = self.spawner.0.scheduler();
        let first = if polls.is_multiple_of(POLLS_PER_LOOK) { injector.take_one() } else { None };
        let own = first.or_else(|| local.pop()).or_else(|| injector.take(local, rings.len()));
        if own.is_some() {
            return own;
        }
        *searching = *searching || idle.search();
        if !*searching {
            return None;
        }
        let others = (1..rings.len()).map(|distance| (self.number + distance) % rings.len());
        let stolen =
            others.map(|other| (other, local.steal(&rings[other]))).find_map(|(other, stolen)| Some((other, stolen?)));
        let Some((from, (woken, count))) = stolen else { return injector.take(local, rings.len()) };
        event::steal(from, self.number, count);
        Some(woken)
    }
    // ANCHOR_END: run
}

/// Spawns tasks on its executor, from any thread.
#[derive(Clone)]
pub struct Spawner(Arc<SharedOwner<RunQueues>>);

thread_local! {
    /// That of the executor whose worker this thread is, or which it blocks on.
    static CURRENT: RefCell<Option<Spawner>> = const { RefCell::new(None) };
}

/// Makes a task, as [`Executor::spawn`], of the executor that this thread runs.
///
/// # Panics
///
/// If it runs none.
pub fn spawn<F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
    let spawned = CURRENT.with_borrow(|current| {
        let Spawner(owner) = current.as_ref().expect("spawn is for inside a task, or what else a pool polls or drops");
        owner.spawn(future)
    });
    // What is refused is dropped here, where nothing is borrowed.
    spawned.0
}

impl Spawner {
    /// Makes a task, as [`Executor::spawn`].
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.0.spawn(future).0
    }

    fn make_current(&self) -> Current {
        // At the thread's end it may be gone before an executor that stands beside it, and then nobody spawns by it.
        Current { outer: CURRENT.try_with(|current| current.replace(Some(self.clone()))).ok().flatten() }
    }
}

/// While it is there, [`spawn`] spawns on one executor. Then it is the one of before again, if there was one.
struct Current {
    outer: Option<Spawner>,
}

impl Drop for Current {
    fn drop(&mut self) {
        // The last one, if it goes, takes tasks along: not while it is borrowed.
        let inner = CURRENT.try_with(|current| current.replace(self.outer.take()));
        drop(inner);
    }
}

impl Spawn for Spawner {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.status().map(|()| drop(self.spawn(future)))
    }

    fn status(&self) -> Result<(), SpawnError> {
        if self.0.is_closed() { Err(SpawnError::shutdown()) } else { Ok(()) }
    }
}
