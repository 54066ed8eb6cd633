//! What a task of stage 7 costs, and that its slot comes back, from whichever thread.
#![forbid(unsafe_code)]

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    process::ExitCode,
    rc::Rc,
    task::{Context, Poll, Waker},
    thread,
};

use lesson_executor::s7_fast::Executor;

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

/// Live bytes, and allocations so far.
fn heap() -> (usize, usize) {
    let counted = || Some((harness::live_bytes()?, harness::allocations()?));
    counted().expect("the allocator of this test counts")
}

fn main() -> ExitCode {
    harness::alone(&[
        ("an_idle_task_is_108_bytes_at_most", || {
            assert_eq!(mem::size_of::<Idle>(), 64);
            [1_000, 1_337, 10_000, 100_000].into_iter().for_each(an_idle_one_is_cheap);
        }),
        ("a_finished_one_makes_room", a_finished_one_makes_room),
        ("a_slot_comes_back_from_another_thread", a_slot_comes_back_from_another_thread),
    ])
}

/// All is counted: what the slab has in store, where it notes its chunks, and the executor.
fn an_idle_one_is_cheap(tasks: usize) {
    let (live, allocations) = heap();
    let executor = Executor::new();
    (0..tasks).for_each(|_| drop(executor.spawn(Idle { _bytes: [0; 8] })));
    executor.run_until_stalled();
    let (more, allocated) = (heap().0 - live, heap().1 - allocations);
    assert!(more <= 108 * tasks, "{tasks} tasks: {more} bytes");
    assert!(allocated <= tasks / 20, "{tasks} tasks: {allocated} allocations");
    drop(executor);
    assert_eq!(heap().0, live, "bytes, and before");
}

fn a_finished_one_makes_room() {
    let executor = Executor::new();
    let cycle = || {
        (0..1_000).for_each(|_| drop(executor.spawn(async {})));
        executor.run_until_stalled();
    };
    cycle();
    let before = heap();
    (0..100).for_each(|_| cycle());
    assert_eq!(heap(), before, "bytes and allocations, and before");
}

/// Who drops the last waker of a task gives its slot back.
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
    let before = heap().0;
    (0..10).for_each(|_| cycle());
    assert_eq!(heap().0, before, "bytes, and before");
}
