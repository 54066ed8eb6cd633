//! Who is polled, who wins and who is dropped, in `join`, `select` and `timeout`.

use std::{
    future::{pending, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
};

use harness::probe::{Task, canary};
use lesson_future::{
    s2_ready::ready,
    s3_countdown::Countdown,
    s7_cancelled_delay::Delay,
    s12_join::join,
    s13_select::{Either, select},
    s14_timeout::{Elapsed, timeout},
};

use crate::gated::gated;

/// Never ready; it counts its polls.
fn counting() -> (impl Future<Output = u32>, Arc<AtomicUsize>) {
    let polls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&polls);
    let future = poll_fn(move |_| {
        counter.fetch_add(1, SeqCst);
        Poll::Pending
    });
    (future, polls)
}

#[test]
fn a_join_asks_both_and_whoever_is_done_no_more() {
    let (never, polls) = counting();
    let mut task = Task::new(join(ready(1), never));
    task.assert_pending();
    task.assert_pending();
    assert_eq!(polls.load(SeqCst), 2, "`ready` would have panicked at the second poll");
    let mut task = Task::new(join(Countdown::new(1), Countdown::new(2)));
    task.assert_pending();
    assert_eq!(task.probe().wakes_by_ref(), 2);
    task.assert_pending();
    task.assert_ready();
}

#[test]
fn a_join_gives_both_outputs_and_drops_each_future_when_it_is_done() {
    let (canary, seen) = canary();
    let first = async move {
        let _dropped_with_the_future = canary;
        1
    };
    let mut task = Task::new(join(first, async {
        Countdown::new(1).await;
        2
    }));
    task.assert_pending();
    assert_eq!(seen.drops(), 1);
    assert_eq!(task.assert_ready(), (1, 2));
}

#[test]
fn the_left_one_wins_and_the_right_one_is_not_even_asked() {
    let (never, polls) = counting();
    let mut task = Task::new(select(ready(1), never));
    assert_eq!(task.assert_ready(), Either::Left(1));
    assert_eq!(polls.load(SeqCst), 0);
}

#[test]
fn the_loser_is_dropped_with_the_select() {
    let (canary, seen) = canary();
    let loser = async move {
        let _dropped_with_the_future = canary;
        pending::<()>().await;
    };
    let mut task = Task::new(select(loser, Countdown::new(1)));
    task.assert_pending();
    assert_eq!(task.assert_ready(), Either::Right(()));
    assert_eq!(seen.drops(), 0);
    drop(task);
    assert_eq!(seen.drops(), 1);
}

#[test]
fn at_the_limit_the_work_is_over_unless_it_is_done_in_that_moment() {
    let (wait, gate) = gated();
    let mut task = Task::new(timeout(pending::<()>(), Delay::after(wait)));
    task.assert_pending();
    gate.open_and_wait();
    assert!(task.is_woken());
    assert_eq!(task.assert_ready(), Err(Elapsed));

    let mut task = Task::new(timeout(Countdown::new(1), Countdown::new(1)));
    task.assert_pending();
    assert_eq!(task.assert_ready(), Ok(()), "both are done, and the work comes first");
}
