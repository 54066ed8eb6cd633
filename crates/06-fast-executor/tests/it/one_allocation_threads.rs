//! Wakers and handles on other threads: woken, cloned, dropped, aborted and joined at the same
//! time, in an order that a seed decides. AddressSanitizer (`just asan fast-executor`) finds here a
//! task that is freed too early, or never.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{self, TryRecvError},
    },
    thread,
};

use lesson_executor::s2_block_on::block_on;
use lesson_fast_executor::s1_one_allocation::{Executor, JoinHandle};

use crate::ends::Ends as _;
use crate::told::{Told, WAKES, next, told};

const TASKS: usize = 500;

/// The means by which another thread refers to a task.
struct Remote {
    told: Told,
    handle: JoinHandle<usize>,
}

fn spawn(executor: &Executor, alive: &Arc<AtomicUsize>) -> Remote {
    let (future, told) = told(alive);
    Remote { told, handle: executor.spawn(future) }
}

/// Tells each task to go on and wakes it, many times. Then it drops, aborts or joins the handle.
/// Returns the number of tasks that it has joined.
fn disturb(tasks: Vec<Remote>, mut seed: u64) -> usize {
    let mut joined = 0;
    for Remote { told, handle } in tasks {
        let aborts = next(&mut seed).is_multiple_of(8);
        for number in 1..=WAKES {
            match (told.tell(number), next(&mut seed) % 3) {
                (Some(waker), 0) => waker.wake(),
                (Some(waker), _) => waker.wake_by_ref(),
                (None, _) => {}
            }
            if aborts && number == WAKES / 2 {
                handle.abort();
            }
        }
        if next(&mut seed).is_multiple_of(4) {
            drop(handle);
            continue;
        }
        match block_on(handle) {
            Ok(polls) => assert!((1..=WAKES + 1).contains(&polls), "{polls} polls after {WAKES} wakes"),
            Err(why) => assert!(why.is_cancelled() && aborts, "{why}"),
        }
        joined += 1;
    }
    joined
}

#[test]
fn whatever_they_do_every_future_is_dropped_once_and_who_joins_is_told() {
    whatever_they_do(8);
}

#[test]
#[ignore = "long"]
fn whatever_they_do_with_more_seeds() {
    whatever_they_do(80);
}

fn whatever_they_do(seeds: u64) {
    for seed in 0..seeds {
        let (executor, alive) = (Executor::new(), Arc::<AtomicUsize>::default());
        let mut tasks: Vec<Remote> = (0..TASKS).map(|_| spawn(&executor, &alive)).collect();
        let (done, is_done) = mpsc::channel();
        let threads: Vec<_> = (0..3)
            .map(|number| {
                let (tasks, done) = (tasks.split_off(tasks.len() - TASKS / 4), done.clone());
                thread::spawn(move || {
                    let joined = disturb(tasks, 3 * seed + number);
                    done.send(joined).unwrap();
                })
            })
            .collect();
        drop(done);
        let mut finished = Vec::new();
        // Until all threads have reported, or one has panicked.
        loop {
            executor.run_until_stalled();
            match is_done.try_recv() {
                Ok(joined) => finished.push(joined),
                Err(TryRecvError::Empty) => thread::yield_now(),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(finished.iter().sum::<usize>() > TASKS / 4, "seed {seed}: most of them were joined");
        // The last quarter of the tasks is still there when the executor is dropped.
        drop(executor);
        assert_eq!(alive.load(SeqCst), 0, "seed {seed}: futures that are left");
        drop(tasks);
    }
}
