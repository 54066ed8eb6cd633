//! The end of an executor. Every future is dropped on this thread, before `drop` returns, and once.
//! The drops may wake, spawn and join.

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    thread,
};

use futures::task::{LocalSpawnExt as _, SpawnExt};
use harness::probe::canary;
use lesson_executor::s2_block_on::block_on;
use lesson_fast_executor::s1_one_allocation::Executor;

use crate::ends::Ends as _;
use crate::one_thread::{Handle as _, Stage};

/// Runs a function when it is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

on_both! {
    a_task_is_dropped_whether_it_waits_is_queued_or_new
    what_a_drop_spawns_is_dropped_at_once
    wakes_in_a_drop_wake_nobody
    a_spawner_that_stays_behind_refuses
    one_that_goes_inside_of_another_ones_poll_leaves_that_one_current
    #[should_panic(expected = "this thread already runs an executor")] one_that_is_run_inside_of_another_ones_poll_says_so
    a_task_that_holds_its_own_spawner_and_handles_is_no_ring
}

fn a_task_is_dropped_whether_it_waits_is_queued_or_new<S: Stage>() {
    let executor = S::new();
    let wakers = Rc::<RefCell<Vec<Waker>>>::default();
    let watched = || {
        let ((held, seen), wakers) = (canary(), Rc::clone(&wakers));
        let future = poll_fn(move |cx| {
            let _ = &held;
            wakers.borrow_mut().push(cx.waker().clone());
            Poll::<()>::Pending
        });
        (future, seen)
    };
    let (waits, queued, woken, new) = (watched(), watched(), watched(), watched());
    drop(executor.spawn(waits.0));
    let handle = executor.spawn(queued.0);
    drop(executor.spawn(woken.0));
    executor.run_until_stalled();
    wakers.borrow()[1].wake_by_ref();
    let waker = wakers.borrow()[2].clone();
    thread::spawn(move || waker.wake()).join().unwrap();
    drop(executor.spawn(new.0));
    assert_eq!(executor.queue_len(), 3);
    drop(executor);
    assert_eq!([waits.1.drops(), queued.1.drops(), woken.1.drops(), new.1.drops()], [1; 4]);
    assert!(block_on(handle).unwrap_err().is_cancelled());
    // Wake them here and on another thread, after the executor. The last waker frees what is left.
    let wakers = wakers.take();
    wakers.iter().for_each(Waker::wake_by_ref);
    drop(wakers[0].clone());
    thread::spawn(move || wakers.into_iter().for_each(Waker::wake)).join().unwrap();
}

fn what_a_drop_spawns_is_dropped_at_once<S: Stage>() {
    let executor = S::new();
    let (held, seen) = canary();
    let mut held = Some(held);
    let spawned = Rc::new(RefCell::new(None::<S::Handle<()>>));
    let (spawner, handles) = (executor.spawner(), Rc::clone(&spawned));
    let last = OnDrop(move || {
        let held = held.take();
        *handles.borrow_mut() = Some(S::spawn_here(async move {
            let _held = held;
            pending::<()>().await
        }));
        assert!(spawner.spawn_local(async {}).is_err_and(|why| why.is_shutdown()));
        assert!(S::spawn_on(&spawner, async {}).is_finished());
        // More tasks than a page has slots.
        (0..100).for_each(|_| drop(S::spawn_on(&spawner, pending::<()>())));
    });
    drop(executor.spawn(async move {
        let _last = last;
        pending::<()>().await
    }));
    executor.run_until_stalled();
    drop(executor);
    assert_eq!(seen.drops(), 1);
    assert!(block_on(spawned.take().unwrap()).unwrap_err().is_cancelled());
}

/// Each future wakes itself and the others, here and on another thread, while the executor drops
/// it.
fn wakes_in_a_drop_wake_nobody<S: Stage>() {
    let executor = S::new();
    let wakers = Rc::<RefCell<Vec<Waker>>>::default();
    let dropped = Rc::<Cell<usize>>::default();
    for _ in 0..3 {
        let (kept, woken, dropped) = (Rc::clone(&wakers), Rc::clone(&wakers), Rc::clone(&dropped));
        let last = OnDrop(move || {
            dropped.set(dropped.get() + 1);
            woken.borrow().iter().for_each(Waker::wake_by_ref);
            let wakers = woken.borrow().clone();
            thread::spawn(move || wakers.into_iter().for_each(Waker::wake)).join().unwrap();
        });
        drop(executor.spawn(poll_fn(move |cx| {
            let _ = &last;
            assert!(kept.borrow().len() < 3, "polled once");
            kept.borrow_mut().push(cx.waker().clone());
            Poll::<()>::Pending
        })));
    }
    executor.run_until_stalled();
    drop(executor);
    assert_eq!(dropped.get(), 3);
}

fn a_spawner_that_stays_behind_refuses<S: Stage>() {
    let executor = S::new();
    let spawner = executor.spawner();
    assert!(SpawnExt::spawn(&spawner, async {}).is_ok());
    drop(executor);
    assert!(SpawnExt::spawn(&spawner, async {}).is_err());
    assert!(block_on(S::spawn_on(&spawner, async { 5 })).unwrap_err().is_cancelled());
}

fn one_that_goes_inside_of_another_ones_poll_leaves_that_one_current<S: Stage>() {
    let (outer, inner) = (S::new(), S::new());
    drop(inner.spawn(pending::<()>()));
    let number = outer.block_on(async move {
        drop(inner);
        S::spawn_here(async { 5 }).await.unwrap()
    });
    assert_eq!(number, 5);
}

fn one_that_is_run_inside_of_another_ones_poll_says_so<S: Stage>() {
    let (outer, inner) = (S::new(), S::new());
    outer.block_on(async { inner.block_on(async {}) });
}

/// The spawner in the task keeps the tasks of the executor, unless the executor's drop drops them.
fn a_task_that_holds_its_own_spawner_and_handles_is_no_ring<S: Stage>() {
    let executor = S::new();
    let (held, seen) = canary();
    let other = executor.spawn(pending::<()>());
    let spawner = executor.spawner();
    drop(executor.spawn(async move {
        let _held = (held, spawner);
        other.await
    }));
    executor.run_until_stalled();
    drop(executor);
    assert_eq!(seen.drops(), 1);
}

/// The executor is made before the thread-local of stage 1, so it is dropped after that.
#[test]
fn an_executor_in_a_thread_local_drops_its_tasks_at_the_end_of_its_thread() {
    thread_local! {
        static EXECUTOR: Executor = Executor::new();
    }
    let in_the_task = Arc::new(());
    let seen = Arc::downgrade(&in_the_task);
    let thread = thread::spawn(move || {
        EXECUTOR.with(|executor| {
            drop(executor.spawn(async move {
                let _held = in_the_task;
                pending::<()>().await;
            }));
            executor.run_until_stalled();
        });
    });
    thread.join().expect("its end is no panic");
    assert_eq!(seen.strong_count(), 0);
}
