//! What pools have beside what the contract asks of every executor: workers that share a driver, tasks that block, and an end
//! from within.
#![forbid(unsafe_code)]

use std::{
    future::{pending, poll_fn},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use harness::probe::canary;
use lesson_executor::{
    parts::driver::{Driver, POLLS_PER_TURN},
    s2_block_on::block_on,
    s5_pool, s6_stealing,
};
use lesson_future::s4_yield_now::yield_now;

mod pools;

use pools::{Pool, Work};

/// Far longer than any of these takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same on both stages.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod on_a_pool {
            $(#[test] fn $test() { super::$test::<super::s5_pool::Executor>(); })*
        }
        mod where_they_steal {
            $(#[test] fn $test() { super::$test::<super::s6_stealing::Executor>(); })*
        }
    };
}

on_both! {
    two_workers_poll_at_once
    a_task_that_blocks_keeps_nobody_waiting_for_ever
    blocking_in_a_task_panics_and_does_not_hang
    the_last_spawner_and_the_pool_itself_may_go_in_a_task
    what_is_left_is_dropped_by_who_drops_the_pool
}

/// Each waits, in its poll, for the other one.
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

/// It has pushed what it waits for into its own queue, and told nobody, or somebody, as it happens: again and again.
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
        // Its pool is gone, and what is spawned is dropped at once.
        assert!(spawner(Box::pin(async { 1 })).is_finished());
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
    // Its poll was over by then: no worker is left that could be in it.
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [thread::current().id()], "dropped once, and here");
}

/// A driver in which one thread may be at a time, that counts, and wakes whoever waits at its next turn or while it is slept in.
#[derive(Clone, Default)]
struct Fake(Arc<Inside>);

#[derive(Default)]
struct Inside {
    entered: AtomicBool,
    turns: AtomicUsize,
    parks: AtomicUsize,
    waits: Mutex<Option<Waker>>,
    bell: (Mutex<bool>, std::sync::Condvar),
}

impl Fake {
    fn enter<R>(&self, stay: impl FnOnce() -> R) -> R {
        assert!(!self.0.entered.swap(true, SeqCst), "two are in the driver");
        let result = stay();
        self.0.entered.store(false, SeqCst);
        result
    }
}

impl Wake for Inside {
    fn wake(self: Arc<Self>) {
        *self.bell.0.lock().unwrap() = true;
        self.bell.1.notify_one();
    }
}

impl Driver for Fake {
    fn park(&mut self, deadline: Option<Instant>) {
        self.enter(|| {
            self.0.parks.fetch_add(1, SeqCst);
            let waker = self.0.waits.lock().unwrap().take();
            if let Some(waker) = waker {
                return waker.wake();
            }
            let patience = deadline.map_or(PATIENCE, |deadline| deadline.saturating_duration_since(Instant::now()));
            let (rung, bell) = &self.0.bell;
            let (mut rung, _) = bell.wait_timeout_while(rung.lock().unwrap(), patience, |rung| !*rung).unwrap();
            *rung = false;
        });
    }

    fn turn(&mut self) {
        self.enter(|| {
            self.0.turns.fetch_add(1, SeqCst);
            let waker = self.0.waits.lock().unwrap().take();
            waker.into_iter().for_each(Waker::wake);
        });
    }

    fn unparker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }
}

/// Ready once the driver has woken it.
async fn an_event(driver: Fake) {
    let mut registered = false;
    poll_fn(|cx| {
        if registered {
            return Poll::Ready(());
        }
        registered = true;
        *driver.0.waits.lock().unwrap() = Some(cx.waker().clone());
        // As a real driver would be told of what is new.
        Arc::clone(&driver.0).wake();
        Poll::Pending
    })
    .await;
}

/// A task that yields until another one, which waits for a turn of the driver, was polled again; its polls.
fn until_a_turn(fake: &Fake, spawn: impl Fn(Work) -> lesson_executor::parts::task::JoinHandle<usize>) -> usize {
    let (told, waits) = (Arc::new(AtomicBool::new(false)), fake.clone());
    let done = Arc::clone(&told);
    let waiting = spawn(Box::pin(async move {
        an_event(waits).await;
        done.store(true, SeqCst);
        1
    }));
    let busy = spawn(Box::pin(async move {
        let mut polls = 0;
        while !told.load(SeqCst) {
            polls += 1;
            yield_now().await;
        }
        polls
    }));
    assert_eq!(block_on(waiting).unwrap(), 1);
    block_on(busy).unwrap()
}

/// All workers but one block in their polls for what a task tells them after an event, and that one may be who leaves the driver.
fn block_for_an_event<P: Pool>(pool: &P, blocking: usize, fake: &Fake) {
    for _ in 0..50 {
        let (done, are_done): (Vec<_>, Vec<_>) = (0..blocking).map(|_| mpsc::channel()).unzip();
        let waits = fake.clone();
        let waiting = pool.spawn(async move {
            an_event(waits.clone()).await;
            an_event(waits).await;
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

#[test]
fn a_driver_is_looked_after_while_all_workers_but_one_block() {
    for workers in [2, 3, 4] {
        let fake = Fake::default();
        block_for_an_event(&s5_pool::Executor::with_driver(workers, fake.clone()), workers - 1, &fake);
        let fake = Fake::default();
        block_for_an_event(&s6_stealing::Executor::with_driver(workers, fake.clone()), workers - 1, &fake);
    }
}

/// Spawns when it is dropped, and notes whether that was refused at once.
struct SpawnsInItsDrop<F: FnMut() -> bool>(F);

impl<F: FnMut() -> bool> Drop for SpawnsInItsDrop<F> {
    fn drop(&mut self) {
        assert!((self.0)(), "what is spawned while the pool goes is dropped at once");
    }
}

#[test]
fn what_a_drop_spawns_while_a_pool_goes_is_dropped_at_once() {
    // Their number, so that they are in many lists.
    const TASKS: usize = 64;
    let refused = Arc::new(AtomicUsize::new(0));
    let note = |is_finished: bool, refused: &AtomicUsize| {
        refused.fetch_add(usize::from(is_finished), SeqCst);
        is_finished
    };
    let pool = s5_pool::Executor::new(2);
    for _ in 0..TASKS {
        let (spawner, refused) = (pool.spawner(), Arc::clone(&refused));
        let held = SpawnsInItsDrop(move || note(spawner.spawn(async {}).is_finished(), &refused));
        drop(pool.spawn(async move {
            let _held = held;
            pending::<()>().await
        }));
    }
    drop(pool);
    let pool = s6_stealing::Executor::new(2);
    for _ in 0..TASKS {
        let (spawner, refused) = (pool.spawner(), Arc::clone(&refused));
        let held = SpawnsInItsDrop(move || note(spawner.spawn(async {}).is_finished(), &refused));
        drop(pool.spawn(async move {
            let _held = held;
            pending::<()>().await
        }));
    }
    drop(pool);
    assert_eq!(refused.load(SeqCst), 2 * TASKS);
}

#[test]
fn a_driver_is_entered_by_one_at_a_time_and_has_its_turn_however_busy_they_are() {
    let fake = Fake::default();
    let pool = s5_pool::Executor::with_driver(1, fake.clone());
    let polls = until_a_turn(&fake, |work| pool.spawn(work));
    assert!(polls <= POLLS_PER_TURN as usize + 2, "{polls} polls");
    for workers in [2, 4] {
        let fake = Fake::default();
        let pool = s5_pool::Executor::with_driver(workers, fake.clone());
        let polls: usize = (0..50).map(|_| until_a_turn(&fake, |work| pool.spawn(work))).sum();
        assert!(polls >= 50);
        drop(pool);
        assert!(fake.0.turns.load(SeqCst) + fake.0.parks.load(SeqCst) >= 50, "each event is in a turn or in a sleep");
        let fake = Fake::default();
        let pool = s6_stealing::Executor::with_driver(workers, fake.clone());
        let polls: usize = (0..50).map(|_| until_a_turn(&fake, |work| pool.spawn(work))).sum();
        assert!(polls >= 50);
        drop(pool);
        assert!(fake.0.turns.load(SeqCst) + fake.0.parks.load(SeqCst) >= 50, "each event is in a turn or in a sleep");
        assert_eq!(Arc::strong_count(&fake.0), 1, "the driver has gone with the workers");
    }
}
