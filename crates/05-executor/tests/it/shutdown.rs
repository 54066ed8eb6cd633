//! When an executor is dropped, every future is dropped, once. What a future does in its drop does
//! no harm.

use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use harness::probe::{Gate, canary};
use lesson_executor::{parts::join::JoinError, s2_block_on::block_on, s3_queue, s4_join, s5_pool::Pool};

use crate::both::Stage;

on_both! {
    handles_and_wakers_outlive_it
    what_a_drop_spawns_is_dropped_at_once
    a_spawner_that_outlives_it_refuses
    a_wake_inside_a_drop_does_no_harm
}

/// Runs a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn handles_and_wakers_outlive_it<S: Stage>() {
    let stage = S::new();
    let ((held, seen), kept) = (canary(), Arc::new(Mutex::new(None::<Waker>)));
    let (is_polled, keep) = (Gate::new(), Arc::clone(&kept));
    let polled = is_polled.clone();
    let handle = stage.spawn(poll_fn(move |cx| {
        let _ = &held;
        *keep.lock().unwrap() = Some(cx.waker().clone());
        polled.open();
        Poll::<()>::Pending
    }));
    stage.block_on(stage.spawn(async {})).unwrap();
    is_polled.wait();
    drop(stage);
    assert_eq!(seen.drops(), 1);
    assert!(matches!(block_on(handle), Err(JoinError::Cancelled)));
    kept.lock().unwrap().take().unwrap().wake();
    assert_eq!(seen.drops(), 1);
}

fn what_a_drop_spawns_is_dropped_at_once<S: Stage>() {
    let stage = S::new();
    let ((held, seen), spawner) = (canary(), stage.spawner());
    let mut held = Some(held);
    let last = OnDrop(move || {
        let held = held.take();
        drop(S::spawn_on(&spawner, async move {
            let _held = held;
            pending::<()>().await
        }));
    });
    let waits = stage.spawn(async move {
        let _last = last;
        pending::<()>().await
    });
    drop(stage);
    assert_eq!(seen.drops(), 1);
    assert!(matches!(block_on(waits), Err(JoinError::Cancelled)));
}

fn a_spawner_that_outlives_it_refuses<S: Stage>() {
    let stage = S::new();
    let spawner = stage.spawner();
    drop(stage);
    let (held, seen) = canary();
    let handle = S::spawn_on(&spawner, async move { drop(held) });
    assert_eq!(seen.drops(), 1);
    assert!(matches!(block_on(handle), Err(JoinError::Cancelled)));
}

fn a_wake_inside_a_drop_does_no_harm<S: Stage>() {
    let stage = S::new();
    let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
    let spawned = [0, 1].map(|_| {
        let wakes = Arc::clone(&wakers);
        let last = OnDrop(move || wakes.lock().unwrap().iter().for_each(Waker::wake_by_ref));
        let keep = Arc::clone(&wakers);
        stage.spawn(poll_fn(move |cx| {
            let _ = &last;
            keep.lock().unwrap().push(cx.waker().clone());
            Poll::<()>::Pending
        }))
    });
    stage.block_on(stage.spawn(async {})).unwrap();
    drop(stage);
    for handle in spawned {
        assert!(matches!(block_on(handle), Err(JoinError::Cancelled)));
    }
    wakers.lock().unwrap().clear();
}

/// The last owner of a pool is one of its tasks. The worker that runs the task does not wait for
/// itself.
#[test]
fn a_pool_is_dropped_by_its_own_task() {
    let pool = Arc::new(Pool::new(2));
    let ((held, seen), go) = (canary(), Gate::new());
    let waits = pool.spawn(async move {
        let _held = held;
        pending::<()>().await
    });
    let (own, gate) = (Arc::clone(&pool), go.clone());
    let drops = pool.spawn(async move {
        gate.wait();
        drop(own);
        pending::<()>().await
    });
    drop(pool);
    go.open();
    assert!(matches!(block_on(drops), Err(JoinError::Cancelled)), "its poll was the last one");
    assert!(matches!(block_on(waits), Err(JoinError::Cancelled)));
    assert_eq!(seen.drops(), 1);
}

/// On one thread the queue may hold new and woken tasks when the executor is dropped.
#[test]
fn queued_tasks_are_dropped_too() {
    let executor = s4_join::Executor::new();
    let (held, seen) = canary();
    let queued = executor.spawn(async move { drop(held) });
    drop(executor);
    assert_eq!(seen.drops(), 1);
    assert!(matches!(block_on(queued), Err(JoinError::Cancelled)));
}

/// The weakness of stage 3: it keeps the queued tasks only. A task that waits lives as long as its
/// wakers.
#[test]
fn on_stage_3_a_task_that_waits_outlives_its_executor() {
    let executor = s3_queue::Executor::new();
    let ((waits, waits_seen), (queued, queued_seen)) = (canary(), canary());
    let (tell, told) = futures::channel::oneshot::channel::<()>();
    executor.spawn(async move {
        let _held = waits;
        let _ = told.await;
    });
    executor.run_until_stalled();
    executor.spawn(async move { drop(queued) });
    drop(executor);
    assert_eq!((waits_seen.drops(), queued_seen.drops()), (0, 1));
    drop(tell);
    assert_eq!(waits_seen.drops(), 1, "the wake was the last use of its waker");
}
