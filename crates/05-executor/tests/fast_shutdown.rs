//! Stage 7 at its end: every future goes, here, now, and once; the slots stay for whoever has one still, on any thread; and what a
//! waker of a `block_on` does that is long over.
#![forbid(unsafe_code)]

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    thread,
};

use futures::task::{LocalSpawnExt as _, SpawnExt};
use harness::probe::canary;
use lesson_executor::{
    s2_block_on::block_on,
    s7_fast::{Executor, JoinHandle, Spawner, spawn},
};

/// Runs a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_task_is_dropped_whether_it_waits_is_queued_or_new() {
    let executor = Executor::new();
    let wakers = Rc::<RefCell<Vec<Waker>>>::default();
    let watched = || {
        let ((held, seen), wakers) = (canary(), Rc::clone(&wakers));
        let future = poll_fn(move |cx| {
            let _ = &held;
            wakers.borrow_mut().push(cx.waker().clone());
            Poll::<()>::Pending
        });
        (future, seen)
    };
    let (waits, queued, woken, new) = (watched(), watched(), watched(), watched());
    drop(executor.spawn(waits.0));
    let handle = executor.spawn(queued.0);
    drop(executor.spawn(woken.0));
    executor.run_until_stalled();
    wakers.borrow()[1].wake_by_ref();
    let waker = wakers.borrow()[2].clone();
    thread::spawn(move || waker.wake()).join().unwrap();
    drop(executor.spawn(new.0));
    assert_eq!(executor.queue_len(), 3);
    drop(executor);
    assert_eq!([waits.1.drops(), queued.1.drops(), woken.1.drops(), new.1.drops()], [1; 4]);
    assert!(block_on(handle).unwrap_err().is_cancelled());
    // Here and elsewhere, and late. The last one takes all the slots along.
    let wakers = wakers.take();
    wakers.iter().for_each(Waker::wake_by_ref);
    drop(wakers[0].clone());
    thread::spawn(move || wakers.into_iter().for_each(Waker::wake)).join().unwrap();
}

#[test]
fn what_a_drop_spawns_is_dropped_at_once() {
    let executor = Executor::new();
    let (held, seen) = canary();
    let mut held = Some(held);
    let spawned = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let (spawner, handles) = (executor.spawner(), Rc::clone(&spawned));
    let last = OnDrop(move || {
        let held = held.take();
        *handles.borrow_mut() = Some(spawn(async move {
            let _held = held;
            pending::<()>().await
        }));
        assert!(spawner.spawn_local(async {}).is_err_and(|why| why.is_shutdown()));
        assert!(spawner.spawn(async {}).is_finished());
        // More than there are slots.
        (0..100).for_each(|_| drop(spawner.spawn(pending::<()>())));
    });
    drop(executor.spawn(async move {
        let _last = last;
        pending::<()>().await
    }));
    executor.run_until_stalled();
    drop(executor);
    assert_eq!(seen.drops(), 1);
    assert!(block_on(spawned.take().unwrap()).unwrap_err().is_cancelled());
}

#[test]
fn a_spawner_that_stays_behind_refuses() {
    let executor = Executor::new();
    let spawner = executor.spawner();
    assert!(SpawnExt::spawn(&spawner, async {}).is_ok());
    drop(executor);
    assert!(SpawnExt::spawn(&spawner, async {}).is_err());
    let late = Spawner::spawn(&spawner, async { 5 });
    drop(spawner);
    // Nobody owns its slot any more.
    assert!(block_on(late).unwrap_err().is_cancelled());
}

/// Wakes itself and the others, here and elsewhere, while it is dropped with the executor.
#[test]
fn wakes_in_a_drop_wake_nobody() {
    let executor = Executor::new();
    let wakers = Rc::<RefCell<Vec<Waker>>>::default();
    let dropped = Rc::<Cell<usize>>::default();
    for _ in 0..3 {
        let (kept, woken, dropped) = (Rc::clone(&wakers), Rc::clone(&wakers), Rc::clone(&dropped));
        let last = OnDrop(move || {
            dropped.set(dropped.get() + 1);
            woken.borrow().iter().for_each(Waker::wake_by_ref);
            let wakers = woken.borrow().clone();
            thread::spawn(move || wakers.into_iter().for_each(Waker::wake)).join().unwrap();
        });
        drop(executor.spawn(poll_fn(move |cx| {
            let _ = &last;
            assert!(kept.borrow().len() < 3, "polled once");
            kept.borrow_mut().push(cx.waker().clone());
            Poll::<()>::Pending
        })));
    }
    executor.run_until_stalled();
    drop(executor);
    assert_eq!(dropped.get(), 3);
}

#[test]
fn one_that_goes_inside_of_another_ones_poll_leaves_that_one_current() {
    let (outer, inner) = (Executor::new(), Executor::new());
    drop(inner.spawn(pending::<()>()));
    let number = outer.block_on(async move {
        drop(inner);
        spawn(async { 5 }).await.unwrap()
    });
    assert_eq!(number, 5);
}

#[test]
#[should_panic(expected = "this thread runs an executor already")]
fn one_that_is_run_inside_of_another_ones_poll_says_so() {
    let (outer, inner) = (Executor::new(), Executor::new());
    outer.block_on(async { inner.block_on(async {}) });
}

/// The root's waker is left behind, woken, by a `block_on` that is over.
#[test]
fn a_waker_of_what_was_blocked_on_is_of_no_matter_later() {
    let executor = Executor::new();
    let kept = Cell::new(None);
    executor.block_on(poll_fn(|cx| {
        cx.waker().wake_by_ref();
        kept.set(Some(cx.waker().clone()));
        Poll::Ready(())
    }));
    assert_eq!(executor.queue_len(), 0);
    assert!(!executor.try_tick(), "there is no task");
    let waker = kept.take().unwrap();
    waker.wake_by_ref();
    let task = executor.spawn(async { 5 });
    assert!(executor.try_tick() && task.is_finished() && !executor.try_tick());
    waker.wake_by_ref();
    let mut polls = 0;
    executor.block_on(poll_fn(|cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls < 5 { Poll::Pending } else { Poll::Ready(()) }
    }));
    drop(executor);
    waker.wake();
}

/// The spawner in it keeps the executor's slots, unless the tasks are dropped when the executor is.
#[test]
fn a_task_that_holds_its_own_spawner_and_handles_is_no_ring() {
    let executor = Executor::new();
    let (held, seen) = canary();
    let other = executor.spawn(pending::<()>());
    let spawner = executor.spawner();
    drop(executor.spawn(async move {
        let _held = (held, spawner);
        other.await
    }));
    executor.run_until_stalled();
    drop(executor);
    assert_eq!(seen.drops(), 1);
}

/// Made before and after what else the thread keeps, it is dropped at the thread's end, where a future wakes and spawns.
#[test]
fn an_executor_in_a_thread_local_drops_its_tasks_at_the_end_of_its_thread() {
    thread_local! {
        static EXECUTOR: Executor = Executor::new();
    }
    let in_the_task = Arc::new(());
    let seen = Arc::downgrade(&in_the_task);
    let thread = thread::spawn(move || {
        EXECUTOR.with(|executor| {
            let waker = Rc::new(Cell::new(None::<Waker>));
            let last = Rc::clone(&waker);
            let last = OnDrop(move || {
                last.take().into_iter().for_each(Waker::wake);
                assert!(spawn(async {}).is_finished());
            });
            drop(executor.spawn(poll_fn(move |cx| {
                let _ = (&in_the_task, &last);
                waker.set(Some(cx.waker().clone()));
                Poll::<()>::Pending
            })));
            executor.run_until_stalled();
        });
    });
    thread.join().expect("its end is no panic");
    assert_eq!(seen.strong_count(), 0);
}
