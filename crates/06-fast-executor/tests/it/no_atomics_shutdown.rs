//! The end of stage 4, beyond what `shutdown.rs` tests on both stages: a waker of a `block_on` that
//! ended long ago, and the end of the thread.

use std::{
    cell::Cell,
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    thread,
};

use lesson_fast_executor::s4_no_atomics::{Executor, spawn};

use crate::shutdown::OnDrop;

/// A `block_on` ends and leaves its root's waker behind, which was woken.
#[test]
fn a_waker_of_what_was_blocked_on_is_of_no_matter_later() {
    let executor = Executor::new();
    let kept = Cell::new(None);
    executor.block_on(poll_fn(|cx| {
        cx.waker().wake_by_ref();
        kept.set(Some(cx.waker().clone()));
        Poll::Ready(())
    }));
    assert_eq!(executor.queue_len(), 0);
    assert!(!executor.try_tick(), "there is no task");
    let waker = kept.take().unwrap();
    waker.wake_by_ref();
    let task = executor.spawn(async { 5 });
    assert!(executor.try_tick() && task.is_finished() && !executor.try_tick());
    waker.wake_by_ref();
    let mut polls = 0;
    executor.block_on(poll_fn(|cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls < 5 { Poll::Pending } else { Poll::Ready(()) }
    }));
    drop(executor);
    waker.wake();
}

/// The executor is in a thread-local. It is dropped when the thread ends, and a future wakes and
/// spawns in its drop.
#[test]
fn an_executor_in_a_thread_local_drops_its_tasks_at_the_end_of_its_thread() {
    thread_local! {
        static EXECUTOR: Executor = Executor::new();
    }
    let in_the_task = Arc::new(());
    let seen = Arc::downgrade(&in_the_task);
    let thread = thread::spawn(move || {
        EXECUTOR.with(|executor| {
            let waker = Rc::new(Cell::new(None::<Waker>));
            let last = Rc::clone(&waker);
            let last = OnDrop(move || {
                last.take().into_iter().for_each(Waker::wake);
                assert!(spawn(async {}).is_finished());
            });
            drop(executor.spawn(poll_fn(move |cx| {
                let _ = (&in_the_task, &last);
                waker.set(Some(cx.waker().clone()));
                Poll::<()>::Pending
            })));
            executor.run_until_stalled();
        });
    });
    thread.join().expect("its end is no panic");
    assert_eq!(seen.strong_count(), 0);
}
