//! When the executor goes, every future goes: here, now, and once; and what they do on their way is no trouble.
#![forbid(unsafe_code)]

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    thread,
};

use futures::task::{LocalSpawnExt as _, SpawnExt};
use harness::probe::canary;
use lesson_executor::{
    s2_block_on::block_on,
    s4_spawn::{Executor, JoinHandle, spawn},
};

/// Runs a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_task_is_dropped_whether_it_waits_is_queued_or_new() {
    let executor = Executor::new();
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
    let (waits, queued, new) = (watched(), watched(), watched());
    drop(executor.spawn(waits.0));
    let handle = executor.spawn(queued.0);
    executor.run_until_stalled();
    wakers.borrow()[1].wake_by_ref();
    drop(executor.spawn(new.0));
    assert_eq!(executor.queue_len(), 2);
    drop(executor);
    assert_eq!([waits.1.drops(), queued.1.drops(), new.1.drops()], [1; 3]);
    assert!(block_on(handle).unwrap_err().is_cancelled());
    // Elsewhere, and late.
    let wakers = wakers.take();
    thread::spawn(move || wakers.into_iter().for_each(Waker::wake)).join().unwrap();
}

#[test]
fn what_a_drop_spawns_is_dropped_at_once() {
    let executor = Executor::new();
    let (held, seen) = canary();
    let mut held = Some(held);
    let spawned = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let (spawner, handles) = (executor.spawner(), Rc::clone(&spawned));
    let last = OnDrop(move || {
        let held = held.take();
        *handles.borrow_mut() = Some(spawn(async move {
            let _held = held;
            pending::<()>().await
        }));
        assert!(spawner.spawn_local(async {}).is_err_and(|why| why.is_shutdown()));
        assert!(spawner.spawn(async {}).is_finished());
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

#[test]
fn a_spawner_that_stays_behind_refuses() {
    let executor = Executor::new();
    let spawner = executor.spawner();
    assert!(SpawnExt::spawn(&spawner, async {}).is_ok());
    drop(executor);
    assert!(SpawnExt::spawn(&spawner, async {}).is_err());
    assert!(block_on(lesson_executor::s4_spawn::Spawner::spawn(&spawner, async { 5 })).unwrap_err().is_cancelled());
}

#[test]
fn one_that_goes_inside_of_another_ones_poll_leaves_that_one_current() {
    let (outer, inner) = (Executor::new(), Executor::new());
    drop(inner.spawn(pending::<()>()));
    let number = outer.block_on(async move {
        drop(inner);
        spawn(async { 5 }).await.unwrap()
    });
    assert_eq!(number, 5);
}

#[test]
#[should_panic(expected = "this thread runs an executor already")]
fn one_that_is_run_inside_of_another_ones_poll_says_so() {
    let (outer, inner) = (Executor::new(), Executor::new());
    outer.block_on(async { inner.block_on(async {}) });
}

/// The spawner in it keeps the executor's tasks from being freed, unless those are dropped when the executor is.
#[test]
fn a_task_that_holds_its_own_spawner_and_handles_is_no_ring() {
    let executor = Executor::new();
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

/// Made before what stage 4 keeps for the thread, it is dropped after that.
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
