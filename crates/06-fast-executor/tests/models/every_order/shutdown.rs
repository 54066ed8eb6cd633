//! B7, C15: an abort, and the end of the executor, while other threads wake, abort and join. Every
//! future is dropped once, and every task is freed.

use std::future::pending;

use lesson_executor::s2_block_on::block_on;
use lesson_fast_executor::s1_one_allocation::{Executor, JoinHandle};
use loom::thread;

use super::tools::{Dropped, Flags, Kept, Watched, all_freed, executor};
use crate::ends::Ends as _;
use crate::one_thread::{Handle as _, Stage};

on_both! {
    super::Watched =>
    abort_from_elsewhere
    shutdown_while_a_task_is_woken
}

/// The task is aborted before its poll, during the poll, or after it. Its future is dropped on the
/// executor's thread, and the handle reports it.
fn abort_from_elsewhere<S: Stage<Driver = Watched>>() {
    loom::model(|| {
        let (executor, alive) = executor::<S>();
        let (held, drops) = Dropped::new();
        let task = executor.spawn(async move {
            let _held = held;
            pending::<()>().await
        });
        let thread = thread::spawn(task.aborts());
        assert!(executor.block_on(task).unwrap_err().is_cancelled());
        thread.join().unwrap();
        assert_eq!(drops(), 1, "drops of the future");
        drop(executor);
        all_freed(&alive);
    });
}

/// The entry that the wake makes is taken out, or refused.
fn shutdown_while_a_task_is_woken<S: Stage<Driver = Watched>>() {
    loom::model(|| {
        let (executor, alive) = executor::<S>();
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

/// Only on stage 1, whose handle may be on another thread.
fn shutdown_while(meanwhile: fn(JoinHandle<()>)) {
    loom::model(move || {
        let (executor, alive) = executor::<Executor<_>>();
        let task = executor.spawn(Flags::new().wait(1, Kept::default()));
        executor.run_until_stalled();
        let thread = thread::spawn(move || meanwhile(task));
        drop(executor);
        thread.join().unwrap();
        all_freed(&alive);
    });
}

#[test]
fn shutdown_while_somebody_joins() {
    shutdown_while(|task| assert!(block_on(task).unwrap_err().is_cancelled()));
}

#[test]
fn shutdown_while_a_task_is_aborted() {
    shutdown_while(|task| task.abort());
}
