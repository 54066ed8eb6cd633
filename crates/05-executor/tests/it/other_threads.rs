//! Wakers and handles on other threads, all at once: woken, cloned, dropped, aborted and joined in
//! an order that a seed decides. Under AddressSanitizer (`just asan executor`) this is where a task
//! that is freed too early, or never, shows.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{self, TryRecvError},
    },
    task::{Poll, Waker},
    thread,
};

use lesson_executor::{
    s2_block_on::block_on,
    s4_spawn::{Executor, JoinHandle},
};

const TASKS: usize = 500;
const WAKES: usize = 8;

/// Counts itself down.
struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// What another thread has of a task.
struct Remote {
    /// How often it has been told to go on; it is ready after `WAKES`.
    told: Arc<AtomicUsize>,
    waker: Arc<Mutex<Option<Waker>>>,
    handle: JoinHandle<usize>,
}

/// The next number of a sequence that looks random.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

fn spawn(executor: &Executor, alive: &Arc<AtomicUsize>) -> Remote {
    alive.fetch_add(1, SeqCst);
    let (held, told, waker) = (Held(Arc::clone(alive)), Arc::new(AtomicUsize::new(0)), Arc::<Mutex<_>>::default());
    let (seen, kept) = (Arc::clone(&told), Arc::clone(&waker));
    let mut polls = 0;
    let handle = executor.spawn(poll_fn(move |cx| {
        let _ = &held;
        polls += 1;
        *kept.lock().unwrap() = Some(cx.waker().clone());
        if seen.load(SeqCst) < WAKES { Poll::Pending } else { Poll::Ready(polls) }
    }));
    Remote { told, waker, handle }
}

/// Tells each task to go on and wakes it, again and again; and then lets its handle go, aborts it,
/// or joins it. How many it joined.
fn disturb(tasks: Vec<Remote>, mut seed: u64) -> usize {
    let mut joined = 0;
    for Remote { told, waker, handle } in tasks {
        let aborts = next(&mut seed).is_multiple_of(8);
        for number in 1..=WAKES {
            told.store(number, SeqCst);
            let last = waker.lock().unwrap().clone();
            match (last, next(&mut seed) % 3) {
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
    for seed in 0..if cfg!(debug_assertions) { 8 } else { 80 } {
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
        // Until all have told, or one has panicked.
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
        // The last quarter is still there when the executor goes.
        drop(executor);
        assert_eq!(alive.load(SeqCst), 0, "seed {seed}: futures that are left");
        drop(tasks);
    }
}
