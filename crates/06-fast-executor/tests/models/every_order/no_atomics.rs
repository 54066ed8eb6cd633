//! Stage 4, where its two words meet: a wake from another thread against the end of the task, the
//! drop of the last reference, and the slots when the executor is dropped first. `wake.rs` and
//! `shutdown.rs` have the models of both stages.

use std::task::Waker;

use lesson_fast_executor::s4_no_atomics::Executor;
use loom::thread;

use super::tools::{Flags, Kept, Watched, all_freed, bounded, executor};

/// Two threads wake one task each. The second one in the list does not unpark, and need not.
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

/// A waker of a task that waits forever.
fn waiting(executor: &Executor<Watched>) -> Waker {
    let kept = Kept::default();
    drop(executor.spawn(Flags::new().wait(1, kept.clone())));
    executor.run_until_stalled();
    kept.take()
}

/// The task ends. Its wakers, some made here and one there, are dropped on two threads. Then
/// another task uses the slot. (In a model the numbers are small, so one word hands its number to
/// the other.)
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
        // This task may use the same slot.
        drop(executor.spawn(async {}));
        executor.run_until_stalled();
        thread.join().unwrap();
        drop(executor);
        all_freed(&alive);
    });
}

/// All wakers of this thread are dropped before the task ends, and one on another thread meanwhile.
/// A look at the word must be enough, or a step decides.
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

/// A wake from another thread meets the end of its task. The entry keeps the slot, or there is no
/// entry.
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

/// The executor is dropped while two threads have a task each, and one of them wakes it. The last
/// one frees everything, even after the executor.
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
