//! A tick between the two numbers of a pair: one loop loses the first number, and two do not.

use std::future::Future;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use harness::probe::Task;
use lesson_future::s16_lost_data::{Pair, Pairs, keeps_future, keeps_state, loses, read_pair};

/// What is collected of 1 2 3 4 with a tick after the numbers named.
fn collected<F>(
    ticks_after: &[u32],
    collecting: impl FnOnce(UnboundedReceiver<u32>, UnboundedReceiver<()>) -> F,
) -> Vec<Pair>
where
    F: Future<Output = Vec<Pair>>,
{
    let ((number, numbers), (tick, ticks)) = (unbounded(), unbounded());
    let mut task = Task::new(collecting(numbers, ticks));
    for n in 1..=4 {
        number.unbounded_send(n).unwrap();
        task.assert_pending();
        if ticks_after.contains(&n) {
            tick.unbounded_send(()).unwrap();
            assert!(task.is_woken());
            task.assert_pending();
        }
    }
    drop(number);
    task.assert_ready()
}

#[test]
fn a_tick_between_two_pairs_harms_nobody() {
    assert_eq!(collected(&[2], loses), [(1, 2), (3, 4)]);
    assert_eq!(collected(&[2], keeps_future), [(1, 2), (3, 4)]);
    assert_eq!(collected(&[2], keeps_state), [(1, 2), (3, 4)]);
}

#[test]
fn a_tick_within_a_pair_loses_a_number_or_does_not() {
    assert_eq!(collected(&[1], loses), [(2, 3)]);
    assert_eq!(collected(&[1, 2, 3], loses), []);
    assert_eq!(collected(&[1, 2, 3], keeps_future), [(1, 2), (3, 4)]);
    assert_eq!(collected(&[1, 2, 3], keeps_state), [(1, 2), (3, 4)]);
}

#[test]
fn dropped_within_a_pair_one_reader_has_the_number_and_the_other_has_lost_it() {
    let (sender, mut numbers) = unbounded();
    sender.unbounded_send(1).unwrap();
    Task::new(read_pair(&mut numbers)).assert_pending();
    for n in [2, 3] {
        sender.unbounded_send(n).unwrap();
    }
    assert_eq!(Task::new(read_pair(&mut numbers)).assert_ready(), Some((2, 3)));

    let (sender, numbers) = unbounded();
    let mut pairs = Pairs::new(numbers);
    sender.unbounded_send(1).unwrap();
    Task::new(pairs.next()).assert_pending();
    sender.unbounded_send(2).unwrap();
    assert_eq!(Task::new(pairs.next()).assert_ready(), Some((1, 2)));
}
