//! The memory of a task of stage 4. Its slot comes back, whichever thread frees it.

use std::{
    cell::Cell,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    thread,
};

use harness::Suite;
use lesson_fast_executor::s4_no_atomics::Executor;

use crate::memory::{Idle, allocations, live};

/// Adds the tests of this module.
pub fn add(suite: Suite) -> Suite {
    alone! { suite, "fast_memory":
        an_idle_task_is_108_bytes_at_most
        a_finished_one_makes_room
        a_slot_comes_back_from_another_thread
    }
}

fn an_idle_task_is_108_bytes_at_most() {
    [1_000, 1_337, 10_000, 100_000].into_iter().for_each(an_idle_one_is_cheap);
}

/// Everything counts: the free slots of the slab, its list of pages, and the executor.
fn an_idle_one_is_cheap(tasks: usize) {
    let before = (live(), allocations());
    let executor = Executor::new();
    (0..tasks).for_each(|_| drop(executor.spawn(Idle::new())));
    executor.run_until_stalled();
    let (more, allocated) = (live() - before.0, allocations() - before.1);
    assert!(more <= 108 * tasks, "{tasks} tasks: {more} bytes");
    assert!(allocated <= tasks / 20, "{tasks} tasks: {allocated} allocations");
    drop(executor);
    assert_eq!(live(), before.0, "bytes, and before");
}

fn a_finished_one_makes_room() {
    let executor = Executor::new();
    let cycle = || {
        (0..1_000).for_each(|_| drop(executor.spawn(async {})));
        executor.run_until_stalled();
    };
    cycle();
    let before = (live(), allocations());
    (0..100).for_each(|_| cycle());
    assert_eq!((live(), allocations()), before, "bytes and allocations, and before");
}

/// The thread that drops the last waker of a task gives its slot back.
fn a_slot_comes_back_from_another_thread() {
    const TASKS: usize = 1_000;
    let executor = Executor::new();
    let cycle = || {
        let kept = Rc::new(Cell::new(Vec::<Waker>::new()));
        for _ in 0..TASKS {
            let kept = Rc::clone(&kept);
            drop(executor.spawn(poll_fn(move |cx| {
                let mut wakers = kept.take();
                wakers.push(cx.waker().clone());
                kept.set(wakers);
                Poll::Ready(())
            })));
        }
        executor.run_until_stalled();
        let wakers = kept.take();
        assert_eq!(wakers.len(), TASKS);
        thread::spawn(move || drop(wakers)).join().unwrap();
    };
    cycle();
    let before = live();
    (0..10).for_each(|_| cycle());
    assert_eq!(live(), before, "bytes, and before");
}
