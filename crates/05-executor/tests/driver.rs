//! The seam for sleeping: the driver has its turn however busy the tasks are, it is slept in only when nobody is in the queue,
//! and one driver can stand on another.
#![forbid(unsafe_code)]

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use lesson_executor::{
    parts::driver::{Driver, POLLS_PER_TURN, Parking},
    s3_run_queue, s4_spawn, s7_fast,
};
use lesson_future::s4_yield_now::yield_now;

/// Counts, and at its next turn wakes whoever waits.
#[derive(Default)]
struct Fake {
    parking: Parking,
    seen: Rc<Seen>,
}

#[derive(Default)]
struct Seen {
    turns: Cell<u32>,
    parks: Cell<u32>,
    waits: RefCell<Option<Waker>>,
}

impl Driver for Fake {
    fn park(&mut self, deadline: Option<Instant>) {
        self.seen.parks.set(self.seen.parks.get() + 1);
        self.parking.park(deadline);
    }

    fn turn(&mut self) {
        self.seen.turns.set(self.seen.turns.get() + 1);
        let waker = self.seen.waits.take();
        waker.into_iter().for_each(Waker::wake);
    }

    fn unparker(&self) -> Waker {
        self.parking.unparker()
    }
}

/// An executor with such a driver, and a future that waits for it; given how many polls there were meanwhile.
fn fakes() -> (Fake, Rc<Seen>, impl Future<Output = ()> + 'static) {
    let seen = Rc::<Seen>::default();
    let waits = Rc::clone(&seen);
    let mut registered = false;
    let future = poll_fn(move |cx| {
        if registered {
            return Poll::Ready(());
        }
        registered = true;
        *waits.waits.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    });
    (Fake { seen: Rc::clone(&seen), ..Fake::default() }, seen, future)
}

/// Wakes itself in each poll until the flag is set.
async fn busy(done: Rc<Cell<bool>>, polls: Rc<Cell<u32>>) {
    while !done.get() {
        polls.set(polls.get() + 1);
        yield_now().await;
    }
}

async fn sets(waits: impl Future<Output = ()>, done: Rc<Cell<bool>>) {
    waits.await;
    done.set(true);
}

#[test]
fn it_has_its_turn_while_a_task_or_the_root_wakes_itself_for_ever() {
    for in_a_task in [false, true] {
        let (fake, seen, waits) = fakes();
        let (done, polls) = (Rc::default(), Rc::default());
        let executor = s3_run_queue::Executor::with_driver(fake);
        executor.spawn(sets(waits, Rc::clone(&done)));
        let busy = busy(Rc::clone(&done), Rc::clone(&polls));
        if in_a_task {
            executor.spawn(busy);
            executor.run_until_stalled();
        } else {
            executor.block_on(busy);
        }
        assert!((POLLS_PER_TURN - 2..=POLLS_PER_TURN).contains(&polls.get()), "stage 3: {} polls", polls.get());
        assert_eq!(seen.parks.get(), 0);

        let (fake, seen, waits) = fakes();
        let (done, polls) = (Rc::default(), Rc::default());
        let executor = s4_spawn::Executor::with_driver(fake);
        drop(executor.spawn(sets(waits, Rc::clone(&done))));
        let busy = self::busy(Rc::clone(&done), Rc::clone(&polls));
        if in_a_task {
            drop(executor.spawn(busy));
            executor.run_until_stalled();
        } else {
            executor.block_on(busy);
        }
        assert!((POLLS_PER_TURN - 2..=POLLS_PER_TURN).contains(&polls.get()), "stage 4: {} polls", polls.get());
        assert_eq!(seen.parks.get(), 0);

        let (fake, seen, waits) = fakes();
        let (done, polls) = (Rc::default(), Rc::default());
        let executor = s7_fast::Executor::with_driver(fake);
        drop(executor.spawn(sets(waits, Rc::clone(&done))));
        let busy = self::busy(Rc::clone(&done), Rc::clone(&polls));
        if in_a_task {
            drop(executor.spawn(busy));
            executor.run_until_stalled();
        } else {
            executor.block_on(busy);
        }
        assert!((POLLS_PER_TURN - 5..=POLLS_PER_TURN).contains(&polls.get()), "stage 7: {} polls", polls.get());
        assert_eq!(seen.parks.get(), 0);
    }
}

#[test]
fn it_has_its_turn_also_between_calls_of_which_each_is_ready_at_once() {
    for stage in [3, 4] {
        let (fake, seen, _) = fakes();
        let block_on: Box<dyn Fn()> = match stage {
            3 => {
                let executor = s3_run_queue::Executor::with_driver(fake);
                Box::new(move || executor.block_on(async {}))
            }
            _ => {
                let executor = s4_spawn::Executor::with_driver(fake);
                Box::new(move || executor.block_on(async {}))
            }
        };
        (0..3 * POLLS_PER_TURN).for_each(|_| block_on());
        assert_eq!(seen.turns.get(), 3, "stage {stage}");
    }
}

#[test]
fn who_only_ticks_gives_it_its_turn_too() {
    let (fake, seen, waits) = fakes();
    let executor = s4_spawn::Executor::with_driver(fake);
    let task = executor.spawn(waits);
    assert!(executor.try_tick(), "the task was new");
    assert_eq!(seen.turns.get(), 0);
    assert!(executor.try_tick(), "the driver has woken it");
    assert!(task.is_finished() && !executor.try_tick());

    let (fake, seen, waits) = fakes();
    let executor = s7_fast::Executor::with_driver(fake);
    let task = executor.spawn(waits);
    assert!(executor.try_tick(), "the task was new");
    assert_eq!(seen.turns.get(), 0);
    assert!(executor.try_tick(), "the driver has woken it");
    assert!(task.is_finished() && !executor.try_tick());
}

/// Stage 7 lets other threads' wakes wait in a place of their own: not for ever, while its tasks are busy.
#[test]
fn others_who_wake_have_their_turn_while_a_task_wakes_itself_for_ever() {
    let executor = s7_fast::Executor::new();
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
    drop(executor.spawn(busy(done, Rc::clone(&polls))));
    executor.run_until_stalled();
    assert!(polls.get() <= POLLS_PER_TURN, "{} polls", polls.get());
}

#[test]
fn it_is_slept_in_once_when_nobody_is_in_the_queue() {
    let (fake, seen, _) = fakes();
    let executor = s4_spawn::Executor::with_driver(fake);
    let waker = Rc::new(Cell::new(None));
    let kept = Rc::clone(&waker);
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(polls);
        }
        kept.set(Some(cx.waker().clone()));
        Poll::Pending
    }));
    executor.run_until_stalled();
    let waker: Waker = waker.take().unwrap();
    let waking = thread::spawn(move || waker.wake());
    assert_eq!(executor.block_on(task).unwrap(), 2);
    waking.join().unwrap();
    assert!(seen.parks.get() <= 2, "{} parks", seen.parks.get());

    let (fake, seen, _) = fakes();
    let executor = s7_fast::Executor::with_driver(fake);
    let waker = Rc::new(Cell::new(None));
    let kept = Rc::clone(&waker);
    let mut polls = 0;
    let task = executor.spawn(poll_fn(move |cx| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(polls);
        }
        kept.set(Some(cx.waker().clone()));
        Poll::Pending
    }));
    executor.run_until_stalled();
    let waker: Waker = waker.take().unwrap();
    let waking = thread::spawn(move || waker.wake());
    assert_eq!(executor.block_on(task).unwrap(), 2);
    waking.join().unwrap();
    assert!(seen.parks.get() <= 2, "stage 7: {} parks", seen.parks.get());
}

/// A timer for one task, over whatever is slept in below: to sleep until its time is all that it asks of that.
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
    let executor = s4_spawn::Executor::with_driver(Timer { below: Parking::default(), alarm: Rc::clone(&alarm) });
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

    // Woken in the park, on the executor's own thread: in stage 7 no unpark comes with that, and none is needed.
    let alarm = Rc::<RefCell<Option<(Instant, Waker)>>>::default();
    let executor = s7_fast::Executor::with_driver(Timer { below: Parking::default(), alarm: Rc::clone(&alarm) });
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
