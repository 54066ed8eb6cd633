//! What pools have beyond the contract of every executor: workers that share a driver, tasks that
//! block, and a pool that one of its own tasks drops.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use harness::probe::canary;
use lesson_executor::{parts::driver::POLLS_PER_TURN, s2_block_on::block_on};
use lesson_fast_executor::{s2_pool, s3_stealing};
use lesson_future::s4_yield_now::yield_now;

use crate::ends::Ends as _;
use crate::fake_driver::{Fake, Seen};
use crate::pools::Pool;

/// Far longer than any of these tests takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes tests of functions, on both stages.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod on_a_pool {
            $(#[test] fn $test() { super::$test::<super::s2_pool::Executor>(); })*
        }
        mod where_they_steal {
            $(#[test] fn $test() { super::$test::<super::s3_stealing::Executor>(); })*
        }
    };
}

on_both! {
    two_workers_poll_at_once
    a_task_that_blocks_keeps_nobody_waiting_for_ever
    nor_if_the_others_are_never_idle
    blocking_in_a_task_panics_and_does_not_hang
    the_last_spawner_and_the_pool_itself_may_go_in_a_task
    what_is_left_is_dropped_by_who_drops_the_pool
    what_a_drop_spawns_while_a_pool_goes_is_dropped_at_once
    a_driver_is_looked_after_while_all_workers_but_one_block
    a_driver_is_entered_by_one_at_a_time_and_has_its_turn_however_busy_they_are
    a_worker_gives_the_driver_its_turn_in_time_whoever_is_busy
}

/// Each task waits in its poll for the other one.
fn two_workers_poll_at_once<P: Pool>() {
    let (pool, barrier) = (P::new(2), Arc::new(Barrier::new(2)));
    let meet = || {
        let barrier = Arc::clone(&barrier);
        pool.spawn(async move { usize::from(barrier.wait().is_leader()) })
    };
    let both = [meet(), meet()];
    let leaders: usize = both.into_iter().map(|task| block_on(task).unwrap()).sum();
    assert_eq!(leaders, 1);
}

/// The same, while each of the other workers polls a task that wakes itself: no worker is idle.
fn nor_if_the_others_are_never_idle<P: Pool>() {
    for workers in [2, 3] {
        let (pool, is_over) = (P::new(workers), Arc::new(AtomicBool::new(false)));
        let all_are_there = Arc::new(Barrier::new(workers));
        let busy = || {
            let (is_over, all_are_there) = (Arc::clone(&is_over), Arc::clone(&all_are_there));
            pool.spawn(async move {
                all_are_there.wait();
                while !is_over.load(SeqCst) {
                    yield_now().await;
                }
            })
        };
        let busy: Vec<_> = (1..workers).map(|_| busy()).collect();
        let blocks = pool.spawn(async move {
            all_are_there.wait();
            let (done, is_done) = mpsc::channel();
            let inner = P::spawn_here(async move { done.send(()).unwrap() });
            let came = is_done.recv_timeout(PATIENCE);
            inner.await.unwrap();
            came
        });
        pool.block_on(blocks).unwrap().expect("another worker comes for it");
        is_over.store(true, SeqCst);
        busy.into_iter().for_each(|busy| pool.block_on(busy).unwrap());
    }
}

/// The task pushes another one into its worker's own queue, and blocks for it. A worker may or may
/// not have been woken; so this is repeated.
fn a_task_that_blocks_keeps_nobody_waiting_for_ever<P: Pool>() {
    let pool = P::new(2);
    for _ in 0..50 {
        let task = pool.spawn(async {
            let (done, is_done) = mpsc::channel();
            let inner = P::spawn_here(async move {
                done.send(()).unwrap();
                1
            });
            is_done.recv_timeout(PATIENCE).expect("another worker comes for it");
            inner.await.unwrap()
        });
        assert_eq!(pool.block_on(task).unwrap(), 1);
    }
}

fn blocking_in_a_task_panics_and_does_not_hang<P: Pool>() {
    let pool = Arc::new(P::new(1));
    let own = Arc::clone(&pool);
    let task = pool.spawn(async move {
        own.block_on(yield_now());
        1
    });
    assert!(block_on(task).unwrap_err().is_panic());
}

fn the_last_spawner_and_the_pool_itself_may_go_in_a_task<P: Pool>() {
    let (pool, (held, seen)) = (P::new(2), canary());
    let spawner = pool.spawner();
    let (given, is_given) = mpsc::channel::<P>();
    let is_given = Mutex::new(is_given);
    let others = pool.spawn(pending::<()>());
    let task = pool.spawn(async move {
        let _held = held;
        drop(is_given.lock().unwrap().recv().unwrap());
        // The pool is gone, so a new task is dropped at once.
        assert!(P::spawn_on(&spawner, async {}).is_finished());
        drop(spawner);
        pending::<()>().await
    });
    assert!(given.send(pool).is_ok());
    assert!(block_on(task).unwrap_err().is_cancelled());
    assert!(block_on(others).unwrap_err().is_cancelled());
    assert_eq!(seen.drops(), 1);
}

fn what_is_left_is_dropped_by_who_drops_the_pool<P: Pool>() {
    struct Where(mpsc::Sender<thread::ThreadId>);
    impl Drop for Where {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).unwrap();
        }
    }
    let (pool, (tell, told)) = (P::new(2), mpsc::channel());
    let polled = Arc::new(Barrier::new(2));
    let is_polled = Arc::clone(&polled);
    drop(pool.spawn(async move {
        let _here = Where(tell);
        is_polled.wait();
        pending::<()>().await
    }));
    polled.wait();
    drop(pool);
    // The poll had ended by then: no worker is left that could run it.
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [thread::current().id()], "dropped once, and here");
}

/// A task wakes itself until another one, which waits for a turn of the driver, was polled again.
fn until_a_turn<P: Pool>(pool: &P, seen: &Arc<Seen>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (event, stops) = (Arc::clone(seen).event(), Arc::clone(&stop));
    let waiting = pool.spawn(async move {
        event.await;
        stops.store(true, SeqCst);
    });
    let busy = pool.spawn(Arc::clone(seen).busy(u32::MAX, stop));
    block_on(waiting).unwrap();
    assert!(block_on(busy).unwrap() >= 1);
}

/// All workers but one block in their polls until a task has had its events. The worker that leaves
/// the driver may be one of them.
fn block_for_an_event<P: Pool>(pool: &P, blocking: usize, seen: &Arc<Seen>) {
    for _ in 0..50 {
        let (done, are_done): (Vec<_>, Vec<_>) = (0..blocking).map(|_| mpsc::channel()).unzip();
        let events = [(); 2].map(|()| Arc::clone(seen).event());
        let waiting = pool.spawn(async move {
            for event in events {
                event.await;
            }
            done.into_iter().for_each(|done| done.send(()).unwrap());
            1
        });
        let blocks = are_done.into_iter().map(|is_done| {
            pool.spawn(async move {
                is_done.recv_timeout(PATIENCE).expect("another worker is in the driver");
                1
            })
        });
        let blocks = blocks.collect::<Vec<_>>();
        let ended = blocks.into_iter().chain([waiting]).map(|task| block_on(task).unwrap());
        assert_eq!(ended.sum::<usize>(), blocking + 1);
    }
}

fn a_driver_is_looked_after_while_all_workers_but_one_block<P: Pool>() {
    for workers in [2, 3, 4] {
        let (fake, seen) = Fake::new();
        block_for_an_event(&P::with_driver(workers, fake), workers - 1, &seen);
    }
}

/// Calls a function when it is dropped, which tells whether its spawn was refused at once.
struct SpawnsInItsDrop<F: FnMut() -> bool>(F);

impl<F: FnMut() -> bool> Drop for SpawnsInItsDrop<F> {
    fn drop(&mut self) {
        assert!((self.0)(), "what is spawned while the pool goes is dropped at once");
    }
}

fn what_a_drop_spawns_while_a_pool_goes_is_dropped_at_once<P: Pool>() {
    // Enough tasks to be in many lists.
    const TASKS: usize = 64;
    let (pool, refused) = (P::new(2), Arc::new(AtomicUsize::new(0)));
    for _ in 0..TASKS {
        let (spawner, refused) = (pool.spawner(), Arc::clone(&refused));
        let held = SpawnsInItsDrop(move || {
            let is_finished = P::spawn_on(&spawner, async {}).is_finished();
            refused.fetch_add(usize::from(is_finished), SeqCst);
            is_finished
        });
        drop(pool.spawn(async move {
            let _held = held;
            pending::<()>().await
        }));
    }
    drop(pool);
    assert_eq!(refused.load(SeqCst), TASKS);
}

fn a_driver_is_entered_by_one_at_a_time_and_has_its_turn_however_busy_they_are<P: Pool>() {
    for workers in [2, 4] {
        let (fake, seen) = Fake::new();
        let pool = P::with_driver(workers, fake);
        (0..50).for_each(|_| until_a_turn(&pool, &seen));
        drop(pool);
        assert!(seen.turns.load(SeqCst) + seen.parks.load(SeqCst) >= 50, "each event is in a turn or in a sleep");
        assert_eq!(Arc::strong_count(&seen), 1, "the driver has gone with the workers");
    }
}

/// The pool has one worker, so it makes all polls.
fn a_worker_gives_the_driver_its_turn_in_time_whoever_is_busy<P: Pool>() {
    type Busy<'a> = &'a dyn Fn(u32) -> Pin<Box<dyn Future<Output = ()> + Send>>;
    type Load<P> = (&'static str, fn(&P, Busy));
    let loads: [Load<P>; 4] = [
        ("a task", |pool, busy| block_on(pool.spawn(busy(1_000))).unwrap()),
        ("many tasks", |pool, busy| {
            let tasks: Vec<_> = (0..1_000).map(|_| pool.spawn(busy(3))).collect();
            tasks.into_iter().for_each(|task| block_on(task).unwrap());
        }),
        ("one task after the other, from outside", |pool, busy| {
            let always = pool.spawn(busy(2_000));
            (0..100).for_each(|_| block_on(pool.spawn(busy(3))).unwrap());
            block_on(always).unwrap();
        }),
        ("one task after the other, from within", |pool, busy| {
            let tasks: Vec<_> = (0..1_000).map(|_| busy(1)).collect();
            let each = async {
                for task in tasks {
                    P::spawn_here(task).await.unwrap()
                }
            };
            block_on(pool.spawn(each)).unwrap();
        }),
    ];
    for (name, load) in loads {
        let (fake, seen) = Fake::new();
        let pool = P::with_driver(1, fake);
        let busy = |polls| -> Pin<Box<dyn Future<Output = ()> + Send>> {
            let busy = Arc::clone(&seen).busy(polls, Arc::default());
            Box::pin(async move { assert_eq!(busy.await, polls) })
        };
        load(&pool, &busy);
        let most = seen.most_polls.load(SeqCst);
        assert!((1..=POLLS_PER_TURN).contains(&most), "{name}: {most} polls between two turns");
    }
}
