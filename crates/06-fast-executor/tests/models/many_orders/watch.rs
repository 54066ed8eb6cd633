//! Polls that block. As long as one worker is free, it finds the tasks for which nobody was woken,
//! and takes the driver that is free. Otherwise all threads of the model would wait forever, or
//! look again forever, and shuttle reports that.

use std::sync::Arc;

use lesson_executor::{parts::driver::POLLS_PER_TURN, s2_block_on::block_on};
use lesson_fast_executor::{s2_pool, s3_stealing};

use super::{
    events::{Events, Flag},
    tools::{check, yields},
};
use crate::pools::Pool;

/// All workers but one block until a task has seen two events. The worker that leaves the driver
/// may be one of them.
fn the_driver_is_not_left_alone<P: Pool>() {
    let (events, seen) = (Events::with_a_clock(), Arc::new(Flag::default()));
    let pool = P::with_driver(3, events.clone());
    let is_seen = Arc::clone(&seen);
    let waits = pool.spawn(async move {
        events.next().await;
        events.next().await;
        is_seen.set();
        1
    });
    let blocks = [(); 2].map(|()| {
        let seen = Arc::clone(&seen);
        pool.spawn(async move {
            seen.wait();
            1
        })
    });
    let ended: usize = blocks.into_iter().chain([waits]).map(|task| block_on(task).unwrap()).sum();
    assert_eq!(ended, 3);
}

/// A task blocks for another one, which its worker would take next.
fn what_nobody_was_told_of_is_found<P: Pool>() {
    let pool = P::with_driver(3, Events::with_a_clock());
    let task = pool.spawn(async {
        let ended = Arc::new(Flag::default());
        let is_ended = Arc::clone(&ended);
        let inner = P::spawn_here(async move {
            is_ended.set();
            1
        });
        ended.wait();
        inner.await.unwrap()
    });
    assert_eq!(block_on(task).unwrap(), 1);
}

/// The only worker is never idle, and the driver still has its turn.
fn the_driver_has_its_turn<P: Pool>() {
    let (events, seen) = (Events::with_a_clock(), Arc::new(Flag::default()));
    let pool = P::with_driver(1, events.clone());
    let is_seen = Arc::clone(&seen);
    let busy = pool.spawn(async move {
        let waits = P::spawn_here(async move {
            events.next().await;
            is_seen.set();
            1
        });
        for _ in 0..POLLS_PER_TURN + 2 {
            yields(1).await;
        }
        usize::from(seen.is_set()) + waits.await.unwrap()
    });
    assert_eq!(block_on(busy).unwrap(), 2);
}

#[test]
fn the_driver_of_a_pool_is_not_left_alone() {
    check(the_driver_is_not_left_alone::<s2_pool::Executor>);
}

#[test]
fn the_driver_is_not_left_alone_where_they_steal() {
    check(the_driver_is_not_left_alone::<s3_stealing::Executor>);
}

#[test]
fn what_nobody_was_told_of_is_found_in_a_pool() {
    check(what_nobody_was_told_of_is_found::<s2_pool::Executor>);
}

#[test]
fn what_nobody_was_told_of_is_found_where_they_steal() {
    check(what_nobody_was_told_of_is_found::<s3_stealing::Executor>);
}

#[test]
fn the_driver_of_a_pool_has_its_turn() {
    check(the_driver_has_its_turn::<s2_pool::Executor>);
}

#[test]
fn the_driver_has_its_turn_where_they_steal() {
    check(the_driver_has_its_turn::<s3_stealing::Executor>);
}
