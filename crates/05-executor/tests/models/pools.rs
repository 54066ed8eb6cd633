//! shuttle models of stage 5: whole pools, in random orders of their threads. The pool uses only a
//! mutex and a condition variable, so weak memory plays no part in it.

use std::{
    future::{pending, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Poll, Waker},
};

use lesson_executor::{parts::join::JoinError, s2_block_on::block_on, s5_pool::Pool};
use shuttle::{
    Config, MaxSteps, Runner,
    scheduler::{PctScheduler, RandomScheduler},
    sync::{Barrier, Mutex, mpsc},
    thread,
};

/// Runs the model in this many random orders of each of two kinds.
fn check(model: fn()) {
    const ORDERS: usize = 1_000;
    let config = || {
        let mut config = Config::new();
        config.stack_size = 1 << 19;
        config.max_steps = MaxSteps::FailAfter(100_000);
        config
    };
    Runner::new(RandomScheduler::new(ORDERS), config()).run(model);
    Runner::new(PctScheduler::new(3, ORDERS), config()).run(model);
}

/// Wakes itself in each of this many polls.
async fn yields(mut times: usize) {
    poll_fn(|cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Counts itself down when it is dropped.
struct Held(Arc<AtomicUsize>);

impl Held {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Relaxed);
        Held(Arc::clone(alive))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        assert!(self.0.fetch_sub(1, Relaxed) > 0, "it is dropped once");
    }
}

/// A worker sleeps, or is about to, when a task is spawned.
#[test]
fn a_spawn_is_seen() {
    check(|| {
        let pool = Pool::new(2);
        for _ in 0..2 {
            assert_eq!(block_on(pool.spawn(async { 5 })).unwrap(), 5);
        }
    });
}

/// Two workers sleep, and two tasks are spawned that wait for each other inside their polls: both
/// workers must wake.
#[test]
fn two_spawns_wake_two_workers() {
    check(|| {
        let (pool, barrier) = (Pool::new(2), Arc::new(Barrier::new(2)));
        let tasks = [0, 1].map(|_| {
            let barrier = Arc::clone(&barrier);
            pool.spawn(async move {
                barrier.wait();
            })
        });
        for task in tasks {
            block_on(task).unwrap();
        }
    });
}

/// A task is woken by another thread before, during and after a poll: each wake is followed by a
/// poll, and no two polls run at once.
#[test]
fn a_wake_during_a_poll_on_another_worker() {
    check(|| {
        let pool = Pool::new(2);
        let waiting = Arc::new(Mutex::new((false, None::<Waker>)));
        let (shared, polling) = (Arc::clone(&waiting), Arc::new(AtomicUsize::new(0)));
        let task = pool.spawn(poll_fn(move |cx| {
            assert_eq!(polling.fetch_add(1, Relaxed), 0, "one poll at a time");
            let mut waiting = shared.lock().unwrap();
            waiting.1 = Some(cx.waker().clone());
            let done = waiting.0;
            drop(waiting);
            thread::yield_now();
            polling.fetch_sub(1, Relaxed);
            if done { Poll::Ready(()) } else { Poll::Pending }
        }));
        let waking = thread::spawn(move || {
            for done in [false, true] {
                let waker = {
                    let mut waiting = waiting.lock().unwrap();
                    waiting.0 = done;
                    waiting.1.clone()
                };
                waker.into_iter().for_each(Waker::wake);
            }
        });
        block_on(task).unwrap();
        waking.join().unwrap();
    });
}

/// A pool is dropped while its tasks run, wait and are queued: each future is dropped once, by
/// then.
#[test]
fn the_drop_of_a_pool_drops_all_futures() {
    check(|| {
        let (pool, alive) = (Pool::new(2), Arc::new(AtomicUsize::new(0)));
        let handles: Vec<_> = (0..3)
            .map(|number| {
                let held = Held::new(&alive);
                pool.spawn(async move {
                    let _held = held;
                    yields(number).await;
                    pending::<()>().await;
                })
            })
            .collect();
        drop(pool);
        assert_eq!(alive.load(Relaxed), 0);
        for handle in handles {
            assert!(matches!(block_on(handle), Err(JoinError::Cancelled)));
        }
    });
}

/// A task of the pool drops the pool, and then returns `Pending`. The end of that poll drops the
/// task's future.
#[test]
fn a_task_drops_its_own_pool() {
    check(|| {
        let alive = Arc::new(AtomicUsize::new(0));
        let (pool, held, (send, receive)) = (Pool::new(2), Held::new(&alive), mpsc::channel::<Pool>());
        let receive = Mutex::new(receive);
        let handle = pool.spawn(poll_fn(move |_| {
            let _held = &held;
            drop(receive.lock().unwrap().recv());
            Poll::<()>::Pending
        }));
        send.send(pool).unwrap();
        assert!(matches!(block_on(handle), Err(JoinError::Cancelled)));
        assert_eq!(alive.load(Relaxed), 0);
    });
}

/// A thread spawns while the pool is dropped: the task runs or its future is dropped at once.
#[test]
fn a_spawn_against_the_drop() {
    check(|| {
        let (pool, alive) = (Pool::new(1), Arc::new(AtomicUsize::new(0)));
        let (spawner, held) = (pool.spawner(), Held::new(&alive));
        let spawns = thread::spawn(move || {
            spawner.spawn(async move {
                let _held = held;
                pending::<()>().await;
            })
        });
        drop(pool);
        let handle = spawns.join().unwrap();
        assert_eq!(alive.load(Relaxed), 0);
        assert!(matches!(block_on(handle), Err(JoinError::Cancelled)));
    });
}
