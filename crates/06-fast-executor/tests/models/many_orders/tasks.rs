//! Tasks that spawn tasks; other threads wake, abort and detach them; and their pool is dropped
//! meanwhile.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use lesson_executor::s2_block_on::block_on;
use lesson_fast_executor::{s2_pool, s3_stealing};
use shuttle::{sync::Mutex, thread};

use super::tools::{Gate, Held, check, yields};
use crate::ends::Ends as _;
use crate::pools::Pool;

/// Tasks that spawn tasks, yield, and are joined.
fn tasks_spawn_tasks<P: Pool>() {
    let alive = Arc::new(AtomicUsize::new(0));
    let pool = P::new(2);
    let tasks: Vec<_> = (0..3)
        .map(|number| {
            let (held, inner) = (Held::new(&alive), Held::new(&alive));
            pool.spawn(async move {
                let _held = held;
                let task = P::spawn_here(async move {
                    let _inner = inner;
                    yields(2).await;
                    number
                });
                yields(1).await;
                task.await.unwrap()
            })
        })
        .collect();
    let sum = pool.block_on(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 3);
    drop(pool);
    assert_eq!(alive.load(Relaxed), 0, "futures that are left");
}

/// Another thread wakes, aborts and detaches tasks.
fn others_interfere<P: Pool>() {
    let alive = Arc::new(AtomicUsize::new(0));
    let pool = P::new(2);
    let gates: Vec<Gate> = (0..3).map(|_| Gate::default()).collect();
    let mut tasks: Vec<_> = gates
        .iter()
        .map(|gate| {
            let (held, gate) = (Held::new(&alive), gate.clone());
            pool.spawn(async move {
                let _held = held;
                gate.wait().await;
                yields(1).await;
                1
            })
        })
        .collect();
    let (aborted, detached) = (tasks.pop().unwrap(), tasks.pop().unwrap());
    let abort = aborted.abort_handle();
    let thread = thread::spawn(move || {
        abort.abort();
        drop(detached);
        gates.iter().for_each(Gate::open);
    });
    assert_eq!(pool.block_on(tasks.pop().unwrap()).unwrap(), 1);
    match pool.block_on(aborted) {
        Ok(output) => assert_eq!(output, 1),
        Err(why) => assert!(why.is_cancelled()),
    }
    thread.join().unwrap();
    drop(pool);
    assert_eq!(alive.load(Relaxed), 0, "futures that are left");
}

/// The pool is dropped while another thread wakes and spawns. Each handle reports the end of its
/// task.
fn it_goes<P: Pool>() {
    let alive = Arc::new(AtomicUsize::new(0));
    let pool = P::new(2);
    let (gate, spawner) = (Gate::default(), pool.spawner());
    let (held, waits) = (Held::new(&alive), gate.clone());
    let waiting = pool.spawn(async move {
        let _held = held;
        waits.wait().await;
        1
    });
    let held = Held::new(&alive);
    let thread = thread::spawn(move || {
        gate.open();
        let late = P::spawn_on(&spawner, async move {
            let _held = held;
            yields(1).await;
            2
        });
        for (task, output) in [(waiting, 1), (late, 2)] {
            match block_on(task) {
                Ok(given) => assert_eq!(given, output),
                Err(why) => assert!(why.is_cancelled()),
            }
        }
    });
    drop(pool);
    thread.join().unwrap();
    assert_eq!(alive.load(Relaxed), 0, "futures that are left");
}

/// A task drops its own pool.
fn it_goes_from_within<P: Pool>() {
    let alive = Arc::new(AtomicUsize::new(0));
    let pool = Arc::new(Mutex::new(None));
    let (held, own) = (Held::new(&alive), Arc::clone(&pool));
    let gate = Gate::default();
    let begun = gate.clone();
    let made = P::new(2);
    let task = made.spawn(async move {
        let _held = held;
        begun.wait().await;
        let own: Option<P> = own.lock().unwrap().take();
        drop(own);
        yields(1).await;
        1
    });
    *pool.lock().unwrap() = Some(made);
    gate.open();
    assert!(block_on(task).unwrap_err().is_cancelled());
    assert_eq!(alive.load(Relaxed), 0, "futures that are left");
}

#[test]
fn tasks_spawn_tasks_on_a_pool() {
    check(tasks_spawn_tasks::<s2_pool::Executor>);
}

#[test]
fn tasks_spawn_tasks_where_they_are_stolen() {
    check(tasks_spawn_tasks::<s3_stealing::Executor>);
}

#[test]
fn others_interfere_with_a_pool() {
    check(others_interfere::<s2_pool::Executor>);
}

#[test]
fn others_interfere_where_they_are_stolen() {
    check(others_interfere::<s3_stealing::Executor>);
}

#[test]
fn a_pool_goes() {
    check(it_goes::<s2_pool::Executor>);
}

#[test]
fn one_that_steals_goes() {
    check(it_goes::<s3_stealing::Executor>);
}

#[test]
fn a_pool_goes_from_within() {
    check(it_goes_from_within::<s2_pool::Executor>);
}

#[test]
fn one_that_steals_goes_from_within() {
    check(it_goes_from_within::<s3_stealing::Executor>);
}
