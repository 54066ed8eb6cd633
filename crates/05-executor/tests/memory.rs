//! What a task costs: one allocation, and no more bytes than a page of this lesson promises.
#![forbid(unsafe_code)]

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use lesson_executor::s4_spawn::Executor;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

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

fn live() -> usize {
    harness::live_bytes().expect("the allocator of this test counts")
}

fn allocations() -> usize {
    harness::allocations().expect("the allocator of this test counts")
}

#[test]
fn an_idle_task_is_one_allocation_of_120_bytes_and_a_finished_one_none() {
    const TASKS: usize = 1_000;
    let executor = Executor::new();
    let idle = || drop(executor.spawn(Idle { _bytes: [0; 8] }));
    // Once, so that the queue has its room.
    (0..TASKS).for_each(|_| drop(executor.spawn(async {})));
    executor.run_until_stalled();
    let (before, allocations) = (live(), allocations());
    (0..TASKS).for_each(|_| idle());
    executor.run_until_stalled();
    let idle = live() - before;
    assert_eq!(self::allocations() - allocations, TASKS, "one a task, and none for its first poll");
    assert_eq!(mem::size_of::<Idle>(), 64);
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
