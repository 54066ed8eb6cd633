//! The seam for sleeping: a busy executor gives the driver its turns, it parks only when the queue
//! is empty, and a driver can stand on another driver.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use futures::channel::oneshot;
use lesson_executor::{
    parts::driver::{Driver, POLLS_PER_TURN, Parking},
    s3_queue, s4_join,
};

use crate::fake_driver::Fake;

/// What the two stages with a driver have in common.
trait Stage {
    fn with_driver(driver: Fake) -> Self;
    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static);
    fn block_on<F: Future>(&self, future: F) -> F::Output;
    fn run_until_stalled(&self);
    fn try_tick(&self) -> bool;
}

macro_rules! stages {
    ($($stage:ident)*) => {$(
        impl Stage for $stage::Executor<Fake> {
            fn with_driver(driver: Fake) -> Self {
                $stage::Executor::with_driver(driver)
            }

            fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
                let _detached = self.spawn(future);
            }

            fn block_on<F: Future>(&self, future: F) -> F::Output {
                self.block_on(future)
            }

            fn run_until_stalled(&self) {
                self.run_until_stalled();
            }

            fn try_tick(&self) -> bool {
                self.try_tick()
            }
        }
    )*};
}

stages!(s3_queue s4_join);

/// The same tests on both stages.
macro_rules! on_each {
    ($($test:ident)*) => {
        mod with_a_queue {
            $(#[test] fn $test() { super::$test::<super::s3_queue::Executor<super::Fake>>(); })*
        }
        mod with_handles {
            $(#[test] fn $test() { super::$test::<super::s4_join::Executor<super::Fake>>(); })*
        }
    };
}

on_each! {
    it_has_its_turn_while_a_task_or_the_root_wakes_itself_forever
    it_has_its_turn_whatever_keeps_the_thread_busy
    a_root_that_is_ready_at_once_counts_as_a_poll
    a_tick_gives_it_a_turn_when_the_queue_is_empty
    the_executor_parks_once_for_one_wake
}

fn it_has_its_turn_while_a_task_or_the_root_wakes_itself_forever<S: Stage>() {
    for in_a_task in [false, true] {
        let (fake, seen) = Fake::new();
        let (executor, done) = (S::with_driver(fake), Arc::new(AtomicBool::new(false)));
        executor.spawn(sets(Arc::clone(&seen).event(), Arc::clone(&done)));
        let busy = Arc::clone(&seen).busy(u32::MAX, done);
        if in_a_task {
            let polls = Arc::new(AtomicU32::new(0));
            let counted = Arc::clone(&polls);
            executor.spawn(async move { counted.store(busy.await, SeqCst) });
            executor.run_until_stalled();
            let polls = polls.load(SeqCst);
            assert!((1..=POLLS_PER_TURN + 1).contains(&polls), "{polls} polls of a task");
        } else {
            let polls = executor.block_on(busy);
            assert!((1..=POLLS_PER_TURN + 1).contains(&polls), "{polls} polls of the root");
        }
        assert_eq!(seen.parks.load(SeqCst), 0);
    }
}

async fn sets(waits: impl Future<Output = ()>, done: Arc<AtomicBool>) {
    waits.await;
    done.store(true, SeqCst);
}

fn it_has_its_turn_whatever_keeps_the_thread_busy<S: Stage>() {
    type Busy<'a> = &'a dyn Fn(u32) -> Pin<Box<dyn Future<Output = ()> + Send>>;
    type Load<S> = (&'static str, fn(&S, Busy));
    let loads: [Load<S>; 7] = [
        ("a task", |executor, busy| {
            executor.spawn(busy(300));
            executor.run_until_stalled();
        }),
        ("many tasks", |executor, busy| {
            (0..100).for_each(|_| executor.spawn(busy(3)));
            executor.run_until_stalled();
        }),
        ("the root", |executor, busy| executor.block_on(busy(300))),
        ("the root and some tasks", |executor, busy| {
            (0..3).for_each(|_| executor.spawn(busy(100)));
            executor.block_on(busy(300));
        }),
        ("one root after another", |executor, busy| (0..200).for_each(|_| executor.block_on(busy(2)))),
        ("one root after another, and a task", |executor, busy| {
            executor.spawn(busy(1_000));
            (2..50).for_each(|polls| executor.block_on(busy(polls)));
        }),
        ("a task that is ticked", |executor, busy| {
            executor.spawn(busy(300));
            (0..300).for_each(|_| assert!(executor.try_tick()));
        }),
    ];
    for (name, load) in loads {
        let (fake, seen) = Fake::new();
        let executor = S::with_driver(fake);
        let busy = |polls| -> Pin<Box<dyn Future<Output = ()> + Send>> {
            let busy = Arc::clone(&seen).busy(polls, Arc::default());
            Box::pin(async move { assert_eq!(busy.await, polls) })
        };
        load(&executor, &busy);
        assert_eq!(seen.most_polls.load(SeqCst), POLLS_PER_TURN, "{name}: polls between two turns");
    }
}

fn a_root_that_is_ready_at_once_counts_as_a_poll<S: Stage>() {
    let (fake, seen) = Fake::new();
    let executor = S::with_driver(fake);
    (0..3 * POLLS_PER_TURN).for_each(|_| executor.block_on(async {}));
    assert_eq!(seen.turns.load(SeqCst), 3);
}

fn a_tick_gives_it_a_turn_when_the_queue_is_empty<S: Stage>() {
    let (fake, seen) = Fake::new();
    let (executor, done) = (S::with_driver(fake), Arc::new(AtomicBool::new(false)));
    executor.spawn(sets(Arc::clone(&seen).event(), Arc::clone(&done)));
    assert!(executor.try_tick(), "the task was new");
    assert_eq!(seen.turns.load(SeqCst), 0);
    assert!(executor.try_tick(), "the driver has woken the task");
    assert!(done.load(SeqCst) && !executor.try_tick());
}

fn the_executor_parks_once_for_one_wake<S: Stage>() {
    let (fake, seen) = Fake::new();
    let executor = S::with_driver(fake);
    let (tell, told) = oneshot::channel();
    let (kept, keep) = mpsc::channel();
    let mut polls = 0;
    let twice = poll_fn(move |cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(polls);
        }
        kept.send(cx.waker().clone()).unwrap();
        Poll::Pending
    });
    executor.spawn(async { tell.send(twice.await).unwrap() });
    executor.run_until_stalled();
    let waking = thread::spawn(move || keep.recv().unwrap().wake());
    assert_eq!(executor.block_on(told), Ok(2));
    waking.join().unwrap();
    // One park until the wake, and at most one more: the root's waker unparks the thread too.
    let parks = seen.parks.load(SeqCst);
    assert!(parks <= 2, "{parks} parks");
}

/// A timer for one task, on top of another driver: it only asks that driver to sleep until the
/// time.
struct Timer<D> {
    below: D,
    alarm: Arc<Mutex<Option<(Instant, Waker)>>>,
}

impl<D: Driver> Driver for Timer<D> {
    fn park(&mut self, deadline: Option<Instant>) {
        let alarm = self.alarm.lock().unwrap().as_ref().map(|(at, _)| *at);
        self.below.park(deadline.into_iter().chain(alarm).min());
        self.turn();
    }

    fn turn(&mut self) {
        self.below.turn();
        let over = self.alarm.lock().unwrap().take_if(|(at, _)| *at <= Instant::now());
        over.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn unparker(&self) -> Waker {
        self.below.unparker()
    }
}

#[test]
fn a_deadline_ends_the_sleep_and_a_driver_stands_on_another() {
    let alarm = Arc::<Mutex<Option<(Instant, Waker)>>>::default();
    let executor = s4_join::Executor::with_driver(Timer { below: Parking::default(), alarm: Arc::clone(&alarm) });
    let at = Instant::now() + Duration::from_millis(5);
    let sleeps = executor.spawn(poll_fn(move |cx| {
        if at <= Instant::now() {
            return Poll::Ready(());
        }
        *alarm.lock().unwrap() = Some((at, cx.waker().clone()));
        Poll::Pending
    }));
    executor.block_on(sleeps).unwrap();
    assert!(at <= Instant::now());
}
