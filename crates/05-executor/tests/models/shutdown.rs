//! B7, C15: the executor goes while others wake, abort and join. Every future is dropped once, and
//! every task freed.

use lesson_executor::s2_block_on::block_on;
use loom::thread;

use super::tools::{Dropped, Flags, Kept, all_freed, executor};

#[test]
fn shutdown_while_a_task_is_woken() {
    loom::model(|| {
        let (executor, alive) = executor();
        let ((held, drops), kept) = (Dropped::new(), Kept::default());
        let wait = Flags::new().wait(1, kept.clone());
        drop(executor.spawn(async move {
            let _held = held;
            wait.await
        }));
        executor.run_until_stalled();
        let waker = kept.take();
        let thread = thread::spawn(move || {
            waker.wake_by_ref();
            waker.wake();
        });
        drop(executor);
        assert_eq!(drops(), 1, "drops of the future");
        thread.join().unwrap();
        all_freed(&alive);
    });
}

#[test]
fn shutdown_while_somebody_joins() {
    loom::model(|| {
        let (executor, alive) = executor();
        let task = executor.spawn(Flags::new().wait(1, Kept::default()));
        executor.run_until_stalled();
        let thread = thread::spawn(move || assert!(block_on(task).unwrap_err().is_cancelled()));
        drop(executor);
        thread.join().unwrap();
        all_freed(&alive);
    });
}

#[test]
fn shutdown_while_a_task_is_aborted() {
    loom::model(|| {
        let (executor, alive) = executor();
        let task = executor.spawn(Flags::new().wait(1, Kept::default()));
        executor.run_until_stalled();
        let thread = thread::spawn(move || task.abort());
        drop(executor);
        thread.join().unwrap();
        all_freed(&alive);
    });
}
