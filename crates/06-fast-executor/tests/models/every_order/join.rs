//! Stage 1's handle on another thread than its task. The output arrives once, and nothing is left
//! behind.

use std::{
    future::Future as _,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use lesson_executor::s2_block_on::block_on;
use lesson_fast_executor::s1_one_allocation::Executor;
use loom::thread;

use super::tools::{Count, Dropped, all_freed, bounded, executor};

#[test]
fn join_gets_the_output() {
    loom::model(|| {
        let (executor, alive) = executor::<Executor<_>>();
        let (output, drops) = Dropped::new();
        let task = executor.spawn(async { output });
        let thread = thread::spawn(move || drop(block_on(task).unwrap()));
        executor.run_until_stalled();
        thread.join().unwrap();
        assert_eq!(drops(), 1);
        drop(executor);
        all_freed(&alive);
    });
}

#[test]
fn join_handle_goes_while_the_task_ends() {
    loom::model(|| {
        let (executor, alive) = executor::<Executor<_>>();
        let (output, drops) = Dropped::new();
        let task = executor.spawn(async { output });
        let thread = thread::spawn(move || drop(task));
        executor.run_until_stalled();
        thread.join().unwrap();
        assert_eq!(drops(), 1, "drops of the output");
        drop(executor);
        all_freed(&alive);
    });
}

/// The handle leaves a waker, then another one, and is dropped, while the task ends. A reference to
/// the task then holds no waker.
#[test]
fn join_leaves_no_waker_behind() {
    bounded(3, || {
        let (executor, alive) = executor::<Executor<_>>();
        let (output, drops) = Dropped::new();
        let task = executor.spawn(async { output });
        let held = task.abort_handle();
        let ((first, waker), (last, last_waker)) = (Count::new(), Count::new());
        let thread = thread::spawn(move || {
            let mut task = pin!(task);
            for waker in [waker, last_waker] {
                if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                    return true;
                }
            }
            false
        });
        executor.run_until_stalled();
        thread.join().unwrap();
        assert_eq!(drops(), 1, "drops of the output");
        for count in [first, last] {
            assert!(count.wakes() <= 1);
            assert_eq!(Arc::strong_count(&count), 1, "every waker is gone");
        }
        drop((executor, held));
        all_freed(&alive);
    });
}

/// A joiner that has left a waker is woken, or has seen the output.
#[test]
fn join_is_woken() {
    loom::model(|| {
        let (executor, _) = executor::<Executor<_>>();
        let task = executor.spawn(async { 5 });
        let ((first, waker), (last, last_waker)) = (Count::new(), Count::new());
        let thread = thread::spawn(move || {
            let mut task = Box::pin(task);
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                return (task, true);
            }
            let ready = task.as_mut().poll(&mut Context::from_waker(&last_waker)).is_ready();
            (task, ready)
        });
        executor.run_until_stalled();
        let (mut task, ready) = thread.join().unwrap();
        if !ready {
            assert_eq!(last.wakes(), 1, "the last waker is woken");
            let polled = task.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
            assert!(matches!(polled, Poll::Ready(Ok(5))));
        }
        drop(first);
    });
}
