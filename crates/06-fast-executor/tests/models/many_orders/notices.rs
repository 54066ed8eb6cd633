//! Pushes that must wake a worker at once. The driver's clock stands still here: a worker sleeps
//! until it is woken, and no deadline helps.

use std::sync::Arc;

use lesson_executor::{parts::driver::POLLS_PER_TURN, s2_block_on::block_on};
use lesson_fast_executor::{s2_pool, s3_stealing};
use shuttle::sync::Barrier;

use super::{
    events::{Events, Flag},
    tools::{check, yields},
};
use crate::pools::{Pool, Work};

/// Two polls that wait for each other.
fn two_that_meet() -> [Work; 2] {
    let barrier = Arc::new(Barrier::new(2));
    [(); 2].map(|()| -> Work {
        let barrier = Arc::clone(&barrier);
        Box::pin(async move { usize::from(barrier.wait().is_leader()) })
    })
}

/// The only worker falls asleep during a push.
fn a_push_is_seen<P: Pool>() {
    let pool = P::with_driver(1, Events::whose_clock_stands_still());
    for _ in 0..2 {
        assert_eq!(block_on(pool.spawn(async { 1 })).unwrap(), 1);
    }
}

/// Two tasks come from outside, one right after the other. They need two workers.
fn two_from_outside_meet<P: Pool>() {
    let pool = P::with_driver(2, Events::whose_clock_stands_still());
    let both = two_that_meet().map(|work| pool.spawn(work));
    let leaders: usize = both.into_iter().map(|task| block_on(task).unwrap()).sum();
    assert_eq!(leaders, 1);
}

/// A task pushes two tasks into its worker's queue, and blocks for the first one.
fn a_task_blocks_for_another<P: Pool>() {
    let pool = P::with_driver(2, Events::whose_clock_stands_still());
    let task = pool.spawn(async {
        let ended = Arc::new(Flag::default());
        let is_ended = Arc::clone(&ended);
        let first = P::spawn_here(async move {
            is_ended.set();
            1
        });
        let second = P::spawn_here(async { 1 });
        ended.wait();
        first.await.unwrap() + second.await.unwrap()
    });
    assert_eq!(block_on(task).unwrap(), 2);
}

/// A worker is due for a turn while another one sleeps in the driver. It must go on.
fn a_turn_waits_for_nobody<P: Pool>() {
    let pool = P::with_driver(2, Events::whose_clock_stands_still());
    let task = pool.spawn(async {
        yields(POLLS_PER_TURN as usize).await;
        1
    });
    assert_eq!(block_on(task).unwrap(), 1);
}

#[test]
fn a_push_is_seen_in_a_pool() {
    check(a_push_is_seen::<s2_pool::Executor>);
}

#[test]
fn a_push_is_seen_where_they_steal() {
    check(a_push_is_seen::<s3_stealing::Executor>);
}

#[test]
fn two_from_outside_meet_in_a_pool() {
    check(two_from_outside_meet::<s2_pool::Executor>);
}

#[test]
fn two_from_outside_meet_where_they_steal() {
    check(two_from_outside_meet::<s3_stealing::Executor>);
}

#[test]
fn a_task_of_a_pool_blocks_for_another() {
    check(a_task_blocks_for_another::<s2_pool::Executor>);
}

#[test]
fn a_task_blocks_for_another_where_they_steal() {
    check(a_task_blocks_for_another::<s3_stealing::Executor>);
}

#[test]
fn a_turn_of_a_pool_waits_for_nobody() {
    check(a_turn_waits_for_nobody::<s2_pool::Executor>);
}

#[test]
fn a_turn_waits_for_nobody_where_they_steal() {
    check(a_turn_waits_for_nobody::<s3_stealing::Executor>);
}
