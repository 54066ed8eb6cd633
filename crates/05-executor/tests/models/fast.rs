//! Stage 7, where its two words meet: a wake from elsewhere against a poll, against sleep, and
//! against the end; who drops the last reference; and what becomes of the slots when the executor
//! goes first.

use std::{
    future::{pending, poll_fn},
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use lesson_executor::s7_fast::Executor;
use loom::thread;

use super::tools::{Dropped, Flags, Kept, Watched, all_freed, bounded, fast};

/// Woken while it waits: before the executor's thread parks, while it does, or after.
#[test]
fn fast_wake_from_another_thread() {
    loom::model(|| {
        let (executor, alive) = fast();
        let (flags, kept) = (Flags::new(), Kept::default());
        let task = executor.spawn(flags.wait(1, kept.clone()));
        executor.run_until_stalled();
        let waker = kept.take();
        let thread = thread::spawn(move || {
            flags.set(0);
            waker.wake();
        });
        executor.block_on(task).unwrap();
        thread.join().unwrap();
        drop((executor, kept));
        all_freed(&alive);
    });
}

/// By both at once: one of them finds the other's entry, in the stack or on its way there. Each has
/// something of its own to show.
#[test]
fn fast_wake_from_two_threads() {
    bounded(2, || {
        let (executor, alive) = fast();
        let (flags, kept) = (Flags::new(), Kept::default());
        let task = executor.spawn(flags.wait(2, kept.clone()));
        executor.run_until_stalled();
        let waker = kept.take();
        let threads = [(0, waker.clone()), (1, waker)].map(|(number, waker)| {
            let flags = flags.clone();
            thread::spawn(move || {
                flags.set(number);
                waker.wake_by_ref();
            })
        });
        executor.block_on(task).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
        drop((executor, kept));
        all_freed(&alive);
    });
}

/// Two tasks, each woken by another thread: the second in the stack unparks nobody, and need not.
#[test]
fn fast_two_tasks_are_woken() {
    bounded(2, || {
        let (executor, alive) = fast();
        let tasks = [(); 2].map(|()| {
            let (flags, kept) = (Flags::new(), Kept::default());
            (executor.spawn(flags.wait(1, kept.clone())), flags, kept)
        });
        executor.run_until_stalled();
        let tasks = tasks.map(|(task, flags, kept)| {
            let waker = kept.take();
            let thread = thread::spawn(move || {
                flags.set(0);
                waker.wake();
            });
            (task, thread)
        });
        for (task, thread) in tasks {
            executor.block_on(task).unwrap();
            thread.join().unwrap();
        }
        drop(executor);
        all_freed(&alive);
    });
}

/// Woken in the middle of its first poll, or right after it.
#[test]
fn fast_wake_inside_the_poll() {
    loom::model(|| {
        let (executor, alive) = fast();
        let (flags, kept) = (Flags::new(), Kept::default());
        let (mut wait, mut thread) = (Box::pin(flags.wait(1, kept.clone())), None);
        let task = executor.spawn(poll_fn(move |cx| {
            let (flags, waker) = (flags.clone(), cx.waker().clone());
            thread.get_or_insert_with(|| {
                thread::spawn(move || {
                    flags.set(0);
                    waker.wake();
                })
            });
            let polled = wait.as_mut().poll(cx);
            polled.map(|()| thread.take().unwrap())
        }));
        let thread = executor.block_on(task).unwrap();
        thread.join().unwrap();
        drop((executor, kept));
        all_freed(&alive);
    });
}

/// The future that the executor blocks on; its last waker is dropped elsewhere, when all else is
/// gone or before.
#[test]
fn fast_wake_of_the_root() {
    loom::model(|| {
        let (executor, alive) = fast();
        let (flags, kept) = (Flags::new(), Kept::default());
        let (there, waker) = (flags.clone(), kept.clone());
        let mut thread = None;
        let mut wait = Box::pin(flags.wait(1, kept));
        executor.block_on(poll_fn(|cx| {
            let polled = wait.as_mut().poll(cx);
            if thread.is_none() {
                let (there, waker) = (there.clone(), waker.take());
                thread = Some(thread::spawn(move || {
                    there.set(0);
                    waker.wake();
                }));
            }
            polled
        }));
        drop((executor, wait, waker));
        thread.unwrap().join().unwrap();
        all_freed(&alive);
    });
}

/// A task that waits for ever, and so many wakers of it.
fn waiting<const WAKERS: usize>(executor: &Executor<Watched>) -> [Waker; WAKERS] {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let wakers = Arc::clone(&kept);
    drop(executor.spawn(poll_fn(move |cx| {
        wakers.lock().unwrap().extend((0..WAKERS).map(|_| cx.waker().clone()));
        Poll::<()>::Pending
    })));
    executor.run_until_stalled();
    std::mem::take(&mut *kept.lock().unwrap()).try_into().unwrap()
}

/// The task ends; its wakers, some of which were made here and one there, are dropped in two
/// threads. Then its slot is another task's. (As the numbers of the words are small here, one is
/// handed over to the other.)
#[test]
fn fast_last_reference_is_dropped_elsewhere() {
    loom::model(|| {
        let (executor, alive) = fast();
        let kept = Kept::default();
        let task = executor.spawn(Flags::new().wait(1, kept.clone()));
        executor.run_until_stalled();
        let here = kept.take();
        let there = here.clone();
        let thread = thread::spawn(move || {
            let clone = there.clone();
            drop(there);
            drop(clone);
        });
        task.abort();
        executor.run_until_stalled();
        drop((task, here));
        // It may be in the very slot.
        drop(executor.spawn(async {}));
        executor.run_until_stalled();
        thread.join().unwrap();
        drop(executor);
        all_freed(&alive);
    });
}

/// Here all wakers are dropped before the task ends, and what is left elsewhere goes meanwhile:
/// then a look tells, or a step.
#[test]
fn fast_look_is_enough() {
    loom::model(|| {
        let (executor, alive) = fast();
        let kept = Kept::default();
        let task = executor.spawn(Flags::new().wait(1, kept.clone()));
        executor.run_until_stalled();
        let waker = kept.take();
        let thread = thread::spawn(move || drop(waker.clone()));
        task.abort();
        executor.run_until_stalled();
        drop(task);
        drop(executor.spawn(async {}));
        executor.run_until_stalled();
        thread.join().unwrap();
        drop(executor);
        all_freed(&alive);
    });
}

/// A wake from elsewhere meets the end of its task: the entry keeps the slot, or there is none.
#[test]
fn fast_wake_while_it_ends() {
    loom::model(|| {
        let (executor, alive) = fast();
        let kept = Kept::default();
        let task = executor.spawn(Flags::new().wait(1, kept.clone()));
        executor.run_until_stalled();
        let waker = kept.take();
        let thread = thread::spawn(move || waker.wake());
        task.abort();
        drop(task);
        executor.run_until_stalled();
        drop(executor.spawn(async {}));
        executor.run_until_stalled();
        thread.join().unwrap();
        executor.run_until_stalled();
        drop(executor);
        all_freed(&alive);
    });
}

/// Aborted from elsewhere, it is dropped here.
#[test]
fn fast_abort_from_elsewhere() {
    loom::model(|| {
        let (executor, alive) = fast();
        let (held, drops) = Dropped::new();
        let task = executor.spawn(async move {
            let _held = held;
            pending::<()>().await
        });
        let abort = task.abort_handle();
        let thread = thread::spawn(move || abort.abort());
        assert!(executor.block_on(task).unwrap_err().is_cancelled());
        thread.join().unwrap();
        assert_eq!(drops(), 1, "drops of the future");
        drop(executor);
        all_freed(&alive);
    });
}

/// The executor goes while another thread wakes: the entry is taken out, or refused.
#[test]
fn fast_shutdown_while_a_task_is_woken() {
    loom::model(|| {
        let (executor, alive) = fast();
        let [waker] = waiting(&executor);
        let thread = thread::spawn(move || {
            waker.wake_by_ref();
            waker.wake();
        });
        drop(executor);
        thread.join().unwrap();
        all_freed(&alive);
    });
}

/// The executor goes while two threads have a task each, and one wakes it. Whoever comes last, if
/// only after the executor, frees it all.
#[test]
fn fast_shutdown_leaves_the_last_slot_to_whoever_has_it() {
    bounded(3, || {
        let (executor, alive) = fast();
        let [one] = waiting(&executor);
        let [two] = waiting(&executor);
        let threads = [thread::spawn(move || one.wake()), thread::spawn(move || drop(two))];
        drop(executor);
        for thread in threads {
            thread.join().unwrap();
        }
        all_freed(&alive);
    });
}
