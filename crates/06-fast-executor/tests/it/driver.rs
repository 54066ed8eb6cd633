//! The seam for sleeping. The driver has its turns however busy the tasks are. The thread sleeps in
//! it only while the queue is empty. And one driver can stand on another.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    ops::RangeInclusive,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use futures::channel::oneshot;
use lesson_executor::parts::driver::{Driver, POLLS_PER_TURN, Parking};
use lesson_fast_executor::{s1_one_allocation, s4_no_atomics};
use lesson_future::s4_yield_now::yield_now;

use crate::fake_driver::Fake;

/// What the stages on one thread have in common.
trait Stage {
    fn with_driver(driver: Fake) -> Self;
    fn spawn(&self, future: impl Future<Output = ()> + 'static);
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

            fn spawn(&self, future: impl Future<Output = ()> + 'static) {
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

stages!(s1_one_allocation s4_no_atomics);

/// Makes tests of functions, on all of these stages.
macro_rules! on_each {
    ($($test:ident)*) => {
        mod one_allocation {
            $(#[test] fn $test() { super::$test::<super::s1_one_allocation::Executor<super::Fake>>(); })*
        }
        mod no_atomics {
            $(#[test] fn $test() { super::$test::<super::s4_no_atomics::Executor<super::Fake>>(); })*
        }
    };
}

on_each! {
    it_has_its_turn_while_a_task_or_the_root_wakes_itself_for_ever
    it_has_its_turn_whoever_is_busy
    who_only_ticks_gives_it_its_turn_too
    it_is_slept_in_once_when_nobody_is_in_the_queue
}

/// How many polls there may be between two turns. Stage 4 is a little early.
const BETWEEN: RangeInclusive<u32> = POLLS_PER_TURN - 5..=POLLS_PER_TURN;

fn it_has_its_turn_while_a_task_or_the_root_wakes_itself_for_ever<S: Stage>() {
    for in_a_task in [false, true] {
        let (fake, seen) = Fake::new();
        let (executor, done) = (S::with_driver(fake), Arc::new(AtomicBool::new(false)));
        executor.spawn(sets(Arc::clone(&seen).event(), Arc::clone(&done)));
        let busy = Arc::clone(&seen).busy(u32::MAX, done);
        if in_a_task {
            let polls = Rc::new(Cell::new(0));
            let counted = Rc::clone(&polls);
            executor.spawn(async move { counted.set(busy.await) });
            executor.run_until_stalled();
            // This task was in the queue before the woken one, which stops it.
            assert!((1..=POLLS_PER_TURN + 1).contains(&polls.get()), "{} polls of a task", polls.get());
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

fn it_has_its_turn_whoever_is_busy<S: Stage>() {
    type Busy<'a> = &'a dyn Fn(u32) -> Pin<Box<dyn Future<Output = ()>>>;
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
        ("one root after the other", |executor, busy| (0..200).for_each(|_| executor.block_on(busy(2)))),
        ("one root after the other, and a task", |executor, busy| {
            executor.spawn(busy(1_000));
            (2..50).for_each(|polls| executor.block_on(busy(polls)));
        }),
        ("a task that somebody ticks", |executor, busy| {
            executor.spawn(busy(300));
            (0..300).for_each(|_| assert!(executor.try_tick()));
        }),
    ];
    for (name, load) in loads {
        let (fake, seen) = Fake::new();
        let executor = S::with_driver(fake);
        let busy = |polls| -> Pin<Box<dyn Future<Output = ()>>> {
            let busy = Arc::clone(&seen).busy(polls, Arc::default());
            Box::pin(async move { assert_eq!(busy.await, polls) })
        };
        load(&executor, &busy);
        let most = seen.most_polls.load(SeqCst);
        assert!(BETWEEN.contains(&most), "{name}: {most} polls between two turns");
    }
}

#[test]
fn a_root_that_is_ready_at_once_counts_as_a_poll_but_in_stage_4() {
    fn turns<S: Stage>() -> usize {
        let (fake, seen) = Fake::new();
        let executor = S::with_driver(fake);
        (0..3 * POLLS_PER_TURN).for_each(|_| executor.block_on(async {}));
        seen.turns.load(SeqCst)
    }
    assert_eq!(turns::<s1_one_allocation::Executor<Fake>>(), 3);
    assert_eq!(turns::<s4_no_atomics::Executor<Fake>>(), 0);
}

fn who_only_ticks_gives_it_its_turn_too<S: Stage>() {
    let (fake, seen) = Fake::new();
    let (executor, done) = (S::with_driver(fake), Arc::new(AtomicBool::new(false)));
    executor.spawn(sets(Arc::clone(&seen).event(), Arc::clone(&done)));
    assert!(executor.try_tick(), "the task was new");
    assert_eq!(seen.turns.load(SeqCst), 0);
    assert!(executor.try_tick(), "the driver has woken it");
    assert!(done.load(SeqCst) && !executor.try_tick());
}

fn it_is_slept_in_once_when_nobody_is_in_the_queue<S: Stage>() {
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
    let parks = seen.parks.load(SeqCst);
    assert!(parks <= 2, "{parks} parks");
}

/// Stage 4 keeps the wakes of other threads in a list of their own. While its tasks are busy, these
/// wakes do not wait forever.
#[test]
fn others_who_wake_have_their_turn_while_a_task_wakes_itself_for_ever() {
    let executor = s4_no_atomics::Executor::new();
    let (done, polls) = (Rc::<Cell<bool>>::default(), Rc::<Cell<u32>>::default());
    let waker = Rc::new(Cell::new(None::<Waker>));
    let (kept, is_done) = (Rc::clone(&waker), Rc::clone(&done));
    drop(executor.spawn(poll_fn(move |cx| {
        is_done.set(kept.replace(Some(cx.waker().clone())).is_some());
        if is_done.get() { Poll::Ready(()) } else { Poll::Pending }
    })));
    executor.run_until_stalled();
    let woken = waker.take().unwrap();
    waker.set(Some(woken.clone()));
    thread::spawn(move || woken.wake()).join().unwrap();
    let counted = Rc::clone(&polls);
    drop(executor.spawn(async move {
        while !done.get() {
            counted.set(counted.get() + 1);
            yield_now().await;
        }
    }));
    executor.run_until_stalled();
    assert!(polls.get() <= POLLS_PER_TURN, "{} polls", polls.get());
}

/// A timer for one task, on top of another driver, whose deadline it uses.
struct Timer<D> {
    below: D,
    alarm: Rc<RefCell<Option<(Instant, Waker)>>>,
}

impl<D: Driver> Driver for Timer<D> {
    fn park(&mut self, deadline: Option<Instant>) {
        let alarm = self.alarm.borrow().as_ref().map(|(at, _)| *at);
        self.below.park(deadline.into_iter().chain(alarm).min());
        self.turn();
    }

    fn turn(&mut self) {
        self.below.turn();
        let over = self.alarm.borrow_mut().take_if(|(at, _)| *at <= Instant::now());
        over.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn unparker(&self) -> Waker {
        self.below.unparker()
    }
}

#[test]
fn a_deadline_ends_the_sleep_and_a_driver_stands_on_another() {
    let alarm = Rc::<RefCell<Option<(Instant, Waker)>>>::default();
    let executor =
        s1_one_allocation::Executor::with_driver(Timer { below: Parking::default(), alarm: Rc::clone(&alarm) });
    let at = Instant::now() + Duration::from_millis(5);
    let sleeps = executor.spawn(poll_fn(move |cx| {
        if at <= Instant::now() {
            return Poll::Ready(());
        }
        *alarm.borrow_mut() = Some((at, cx.waker().clone()));
        Poll::Pending
    }));
    executor.block_on(sleeps).unwrap();
    assert!(at <= Instant::now());

    // The driver wakes the root inside `park`, on the executor's own thread. In stage 4 no unpark
    // follows, and none is needed.
    let alarm = Rc::<RefCell<Option<(Instant, Waker)>>>::default();
    let executor = s4_no_atomics::Executor::with_driver(Timer { below: Parking::default(), alarm: Rc::clone(&alarm) });
    let at = Instant::now() + Duration::from_millis(5);
    executor.block_on(poll_fn(move |cx| {
        if at <= Instant::now() {
            return Poll::Ready(());
        }
        *alarm.borrow_mut() = Some((at, cx.waker().clone()));
        Poll::Pending
    }));
    assert!(at <= Instant::now());
}
