//! The memory of a task: one allocation, and no more bytes than the README promises.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::{Context, Poll, Waker},
    thread,
};

use harness::Suite;
use lesson_fast_executor::{s1_one_allocation::Executor, s2_pool, s3_stealing};

/// Adds the tests of this module.
pub fn add(suite: Suite) -> Suite {
    alone! { suite, "memory":
        an_idle_task_is_one_allocation_of_120_bytes_and_a_finished_one_none
        an_idle_task_of_a_pool_is_120_bytes_too
    }
}

/// A future of 64 bytes that waits forever.
pub struct Idle {
    _bytes: [u64; 8],
}

impl Idle {
    pub fn new() -> Self {
        const { assert!(size_of::<Idle>() == 64) };
        Idle { _bytes: [0; 8] }
    }
}

impl Future for Idle {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// The bytes of the heap that are in use.
pub fn live() -> usize {
    harness::live_bytes().expect("the allocator of this program counts")
}

/// The number of allocations so far.
pub fn allocations() -> usize {
    harness::allocations().expect("the allocator of this program counts")
}

fn an_idle_task_is_one_allocation_of_120_bytes_and_a_finished_one_none() {
    const TASKS: usize = 1_000;
    let executor = Executor::new();
    let idle = || drop(executor.spawn(Idle::new()));
    // Run this many once, so that the queue has its room.
    (0..TASKS).for_each(|_| drop(executor.spawn(async {})));
    executor.run_until_stalled();
    let (before, allocations) = (live(), allocations());
    (0..TASKS).for_each(|_| idle());
    executor.run_until_stalled();
    let idle = live() - before;
    assert_eq!(self::allocations() - allocations, TASKS, "one a task, and none for its first poll");
    assert_eq!(idle, 120 * TASKS, "{TASKS} tasks with a future of 64 bytes");
    let waker = Rc::new(Cell::new(None::<Waker>));
    let keep = Rc::clone(&waker);
    drop(executor.spawn(poll_fn(move |cx| {
        keep.set(Some(cx.waker().clone()));
        Poll::<()>::Pending
    })));
    executor.run_until_stalled();
    let (with_one_more, allocations) = (live(), self::allocations());
    for _ in 0..TASKS {
        waker.take().expect("it was polled").wake();
        executor.run_until_stalled();
    }
    assert_eq!(self::allocations(), allocations, "to be woken and polled again");
    let idle = with_one_more - before;
    (0..TASKS).for_each(|_| drop(executor.spawn(async {})));
    executor.run_until_stalled();
    assert_eq!(live() - before, idle, "and {TASKS} more that have ended");
    drop(executor);
    assert!(live() < before);
}

/// Counts its first poll, and waits forever.
struct Counted {
    polled: &'static AtomicUsize,
    _bytes: [u64; 7],
}

impl Future for Counted {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.polled.fetch_add(1, SeqCst);
        Poll::Pending
    }
}

fn idle_on_a_pool(spawn: impl Fn(Counted)) {
    const TASKS: usize = 1_000;
    static POLLED: AtomicUsize = AtomicUsize::new(0);
    let idle = || {
        let before = POLLED.load(SeqCst);
        (0..TASKS).for_each(|_| spawn(Counted { polled: &POLLED, _bytes: [0; 7] }));
        while POLLED.load(SeqCst) < before + TASKS {
            thread::yield_now();
        }
    };
    // Run this many once, so that the queues have their room.
    idle();
    let before = live();
    idle();
    assert_eq!(size_of::<Counted>(), 64);
    // One queue may have had to grow, and another one may have too much room. A thread may have
    // freed what it used at its start.
    assert!((119 * TASKS..129 * TASKS).contains(&(live() - before)), "{} bytes", live() - before);
}

fn an_idle_task_of_a_pool_is_120_bytes_too() {
    let pool = s2_pool::Executor::new(2);
    idle_on_a_pool(|future| drop(pool.spawn(future)));
    drop(pool);
    let pool = s3_stealing::Executor::new(2);
    idle_on_a_pool(|future| drop(pool.spawn(future)));
}
