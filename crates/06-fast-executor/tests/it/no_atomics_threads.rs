//! Stage 4's wakers on other threads: woken, cloned, dropped and aborted at the same time, in an
//! order that a seed decides, while tasks come and go. AddressSanitizer finds here a slot that is
//! given back too early, or never.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::Waker,
    thread,
};

use lesson_fast_executor::s4_no_atomics::{AbortHandle, Executor, spawn};

use crate::told::{Told, WAKES, next, told};

const TASKS: usize = 400;

/// The means by which another thread refers to a task.
struct Remote {
    told: Told,
    abort: AbortHandle,
}

/// A task, and what its handle reports: the number of its polls, or that it was aborted.
fn task(alive: &Arc<AtomicUsize>) -> (impl Future<Output = Option<usize>> + 'static, Remote) {
    let (future, told) = told(alive);
    let handle = spawn(future);
    let abort = handle.abort_handle();
    (async { handle.await.ok() }, Remote { told, abort })
}

/// Tells each task to go on and wakes it, many times, and aborts some. It drops some wakers only at
/// the end.
fn disturb(tasks: Vec<Remote>, mut seed: u64) {
    let mut kept = Vec::new();
    for Remote { told, abort } in tasks {
        let aborts = next(&mut seed).is_multiple_of(8);
        for number in 1..=WAKES {
            match (told.tell(number), next(&mut seed) % 4) {
                (Some(waker), 0) => waker.wake(),
                (Some(waker), 1) => kept.push(waker),
                (Some(waker), _) => waker.wake_by_ref(),
                (None, _) => {}
            }
            if aborts && number == WAKES / 2 {
                abort.abort();
            }
        }
        // The last wake, which the task must not miss.
        told.waker().into_iter().for_each(Waker::wake);
        if next(&mut seed).is_multiple_of(2) {
            kept.clear();
        }
    }
}

#[test]
fn whatever_they_do_every_task_ends_and_every_future_is_dropped_once() {
    whatever_they_do(12);
}

#[test]
#[ignore = "long"]
fn whatever_they_do_with_more_seeds() {
    whatever_they_do(80);
}

fn whatever_they_do(seeds: u64) {
    for seed in 0..seeds {
        let (executor, alive) = (Executor::new(), Arc::<AtomicUsize>::default());
        let (left, threads) = executor.block_on(async {
            let mut threads = Vec::new();
            let mut joined = 0;
            // Two rounds, so that slots of the first round come back from other threads.
            for round in 0..2 {
                let (mut joins, mut groups) = (Vec::new(), [(); 3].map(|()| Vec::new()));
                for number in 0..TASKS {
                    let (join, remote) = task(&alive);
                    joins.push(join);
                    groups[number % 3].push(remote);
                }
                threads.extend(
                    groups
                        .into_iter()
                        .zip(0_u64..)
                        .map(|(group, number)| thread::spawn(move || disturb(group, 6 * seed + 3 * round + number))),
                );
                for join in joins {
                    match join.await {
                        Some(polls) => assert!((1..=WAKES + 2).contains(&polls), "{polls} polls"),
                        None => continue,
                    }
                    joined += 1;
                }
            }
            assert!(joined > TASKS, "seed {seed}: most of them were joined, {joined}");
            // Some tasks are still there when the executor is dropped.
            let (joins, remotes): (Vec<_>, Vec<_>) = (0..TASKS).map(|_| task(&alive)).unzip();
            let (go, goes) = mpsc::channel();
            threads.push(thread::spawn(move || {
                goes.recv().unwrap();
                disturb(remotes, seed);
            }));
            ((joins, go), threads)
        });
        executor.run_until_stalled();
        let (joins, go) = left;
        go.send(()).unwrap();
        drop(executor);
        assert_eq!(alive.load(SeqCst), 0, "seed {seed}: futures that are left");
        drop(joins);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
