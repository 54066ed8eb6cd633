//! What a task costs: one allocation, and no more bytes than a page of this lesson promises. One test, so that no other is counted.
#![forbid(unsafe_code)]

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    rc::Rc,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::{Context, Poll, Waker},
    thread,
};

use lesson_executor::{s4_spawn::Executor, s5_pool, s6_stealing};

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

const TASKS: usize = 1_000;

/// A future of 64 bytes that waits for ever.
struct Idle {
    _bytes: [u64; 8],
}

impl Future for Idle {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// The thread of the test's runner may be setting itself up meanwhile: with less than what four bytes a task, or an allocation
/// for every twenty, would come to.
fn assert_same([bytes, allocations]: [usize; 2], expected: [usize; 2]) {
    assert!(bytes.abs_diff(expected[0]) < 4_000, "{bytes} bytes, and not {}", expected[0]);
    assert!(allocations.abs_diff(expected[1]) < 50, "{allocations} allocations, and not {}", expected[1]);
}

fn live() -> usize {
    harness::live_bytes().expect("the allocator of this test counts")
}

fn allocations() -> usize {
    harness::allocations().expect("the allocator of this test counts")
}

fn heap() -> [usize; 2] {
    [live(), allocations()]
}

#[test]
fn an_idle_task_is_one_allocation_of_120_bytes_and_a_finished_one_none() {
    on_one_thread();
    let pool = s5_pool::Executor::new(2);
    idle_on_a_pool(|future| drop(pool.spawn(future)));
    drop(pool);
    let pool = s6_stealing::Executor::new(2);
    idle_on_a_pool(|future| drop(pool.spawn(future)));
}

fn on_one_thread() {
    let executor = Executor::new();
    let idle = || drop(executor.spawn(Idle { _bytes: [0; 8] }));
    // Once, so that the queue has its room.
    (0..TASKS).for_each(|_| drop(executor.spawn(async {})));
    executor.run_until_stalled();
    let before = heap();
    let more = || [live() - before[0], allocations() - before[1]];
    (0..TASKS).for_each(|_| idle());
    executor.run_until_stalled();
    assert_eq!(mem::size_of::<Idle>(), 64);
    // One allocation a task, and none for its first poll.
    assert_same(more(), [120 * TASKS, TASKS]);
    let waker = Rc::new(Cell::new(None::<Waker>));
    let keep = Rc::clone(&waker);
    drop(executor.spawn(poll_fn(move |cx| {
        keep.set(Some(cx.waker().clone()));
        Poll::<()>::Pending
    })));
    for _ in 0..TASKS {
        executor.run_until_stalled();
        waker.take().expect("it was polled").wake();
    }
    // None to be woken and polled again.
    assert_same(more(), [120 * TASKS, TASKS]);
    (0..TASKS).for_each(|_| drop(executor.spawn(async {})));
    executor.run_until_stalled();
    // As many more have come and gone.
    assert_same(more(), [120 * TASKS, 2 * TASKS]);
    drop(executor);
    assert!(live() < before[0]);
}

/// Counts, in its first poll, and waits for ever.
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
    static POLLED: AtomicUsize = AtomicUsize::new(0);
    let idle = || {
        let before = POLLED.load(SeqCst);
        (0..TASKS).for_each(|_| spawn(Counted { polled: &POLLED, _bytes: [0; 7] }));
        while POLLED.load(SeqCst) < before + TASKS {
            thread::yield_now();
        }
    };
    // Once, so that the queues have their room.
    idle();
    let before = live();
    idle();
    assert_eq!(mem::size_of::<Counted>(), 64);
    // A queue may have had no more room, and another one too much; and what a thread began with may have gone meanwhile.
    let more = live() - before;
    assert!((119 * TASKS..129 * TASKS).contains(&more), "{more} bytes");
}
