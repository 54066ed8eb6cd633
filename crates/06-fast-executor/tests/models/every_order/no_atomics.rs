//! Stage 4, where its two words meet: a wake from elsewhere against the end, who drops the last
//! reference, and what becomes of the slots when the executor goes first. What it has in common
//! with stage 1 is in `wake.rs` and `shutdown.rs`.

use std::task::Waker;

use lesson_fast_executor::s4_no_atomics::Executor;
use loom::thread;

use super::tools::{Flags, Kept, Watched, all_freed, bounded, executor};

/// Two tasks, each woken by another thread: the second in the stack unparks nobody, and need not.
#[test]
fn two_tasks_are_woken() {
    bounded(2, || {
        let (executor, alive) = executor::<Executor<_>>();
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

/// A waker of a task that waits for ever.
fn waiting(executor: &Executor<Watched>) -> Waker {
    let kept = Kept::default();
    drop(executor.spawn(Flags::new().wait(1, kept.clone())));
    executor.run_until_stalled();
    kept.take()
}

/// The task ends; its wakers, some of which were made here and one there, are dropped in two
/// threads. Then its slot is another task's. (As the numbers of the words are small here, one is
/// handed over to the other.)
#[test]
fn last_reference_is_dropped_elsewhere() {
    loom::model(|| {
        let (executor, alive) = executor::<Executor<_>>();
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
fn look_is_enough() {
    loom::model(|| {
        let (executor, alive) = executor::<Executor<_>>();
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
fn wake_while_it_ends() {
    loom::model(|| {
        let (executor, alive) = executor::<Executor<_>>();
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

/// The executor goes while two threads have a task each, and one wakes it. Whoever comes last, if
/// only after the executor, frees it all.
#[test]
fn shutdown_leaves_the_last_slot_to_whoever_has_it() {
    bounded(3, || {
        let (executor, alive) = executor::<Executor<_>>();
        let [one, two] = [waiting(&executor), waiting(&executor)];
        let threads = [thread::spawn(move || one.wake()), thread::spawn(move || drop(two))];
        drop(executor);
        for thread in threads {
            thread.join().unwrap();
        }
        all_freed(&alive);
    });
}
