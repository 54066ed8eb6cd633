//! Tools of the models: an executor that shows whether it was freed, and futures that wait for
//! other threads.

use std::{
    future::{Future, poll_fn},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed as Counting},
    },
    task::{Poll, Wake, Waker},
    time::Instant,
};

use lesson_executor::parts::driver::{Driver, Parking};
use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::one_thread::Stage;

/// Runs a model that has too many orders. loom tries those in which it preempts a thread at most
/// this many times. (`LOOM_MAX_PREEMPTIONS` sets a bound for all models.) Most bugs need one or
/// two.
pub fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(builder.preemption_bound.map_or(preemptions, |bound| bound.min(preemptions)));
    builder.check(model);
}

/// Flags that order nothing by themselves. A thread sees them through a wake.
#[derive(Clone)]
pub struct Flags(Arc<[AtomicBool; 2]>);

impl Flags {
    pub fn new() -> Self {
        Flags(Arc::new([AtomicBool::new(false), AtomicBool::new(false)]))
    }

    pub fn set(&self, number: usize) {
        self.0[number].store(true, Relaxed);
    }

    fn are_set(&self, first: usize) -> bool {
        self.0[..first].iter().all(|flag| flag.load(Relaxed))
    }

    /// Is ready when this many flags are set. After each of them, the thread that set it wakes the
    /// waker that is kept here.
    pub fn wait(&self, first: usize, kept: Kept) -> impl Future<Output = ()> + Send + 'static {
        let flags = self.clone();
        poll_fn(move |cx| {
            kept.keep(cx.waker());
            if flags.are_set(first) { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

/// A waker in a mutex that is not part of the model. No thread waits for that mutex, so it orders
/// nothing.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Option<Waker>>>);

impl Kept {
    fn keep(&self, waker: &Waker) {
        self.0.lock().unwrap().get_or_insert_with(|| waker.clone());
    }

    pub fn take(&self) -> Waker {
        self.0.lock().unwrap().take().expect("it was polled")
    }
}

/// Counts its references and its wakes. It is not part of the model either.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn new() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    pub fn wakes(&self) -> usize {
        self.0.load(Counting)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Counting);
    }
}

/// A value that counts its drops.
pub struct Dropped(Arc<AtomicUsize>);

impl Dropped {
    pub fn new() -> (Self, impl Fn() -> usize) {
        let drops = Arc::<AtomicUsize>::default();
        (Dropped(Arc::clone(&drops)), move || drops.load(Counting))
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Counting);
    }
}

/// An executor, and a reference that shows when its last task was freed.
pub fn executor<S: Stage<Driver = Watched>>() -> (S, Arc<()>) {
    let watched = Watched::default();
    let alive = Arc::clone(&watched.alive);
    (S::with_driver(watched), alive)
}

/// A parker that counts the holders of its unparker. The run queue is one, and each task keeps the
/// run queue.
#[derive(Default)]
pub struct Watched {
    parking: Parking,
    alive: Arc<()>,
}

impl Driver for Watched {
    fn park(&mut self, deadline: Option<Instant>) {
        self.parking.park(deadline);
    }

    fn turn(&mut self) {}

    fn unparker(&self) -> Waker {
        Waker::from(Arc::new(Unpark(self.parking.unparker(), Arc::clone(&self.alive))))
    }
}

struct Unpark(Waker, #[expect(dead_code, reason = "its count is what counts")] Arc<()>);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
    }
}

/// Asserts that everything of the executor was freed.
pub fn all_freed(alive: &Arc<()>) {
    assert_eq!(Arc::strong_count(alive), 1, "every task is freed, and once");
}
