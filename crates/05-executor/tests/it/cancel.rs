//! A task can be cancelled while it is queued, while it waits, while it is polled and while another
//! task awaits its handle. Each time its future is dropped once, and the handle says so.

use std::future::{pending, poll_fn};

use harness::probe::{Gate, Task, canary};
use lesson_executor::{
    parts::join::{JoinError, JoinHandle},
    s4_join::Executor,
};

use crate::both::Stage;

on_both! {
    aborted_while_it_waits
    aborted_while_it_is_polled
    aborted_while_another_task_joins_it
    aborted_when_it_has_ended
    aborted_and_detached
}

fn is_cancelled<T>(joined: &Result<T, JoinError>) -> bool {
    matches!(joined, Err(JoinError::Cancelled))
}

/// On one thread, a task stays in the queue until somebody runs it.
#[test]
fn aborted_while_it_is_queued() {
    let executor = Executor::new();
    let (held, seen) = canary();
    let handle = executor.spawn(async move {
        let _held = held;
        panic!("an aborted task is not polled");
    });
    handle.abort();
    assert_eq!((executor.queue_len(), seen.drops()), (1, 0));
    executor.run_until_stalled();
    assert_eq!(seen.drops(), 1);
    assert!(is_cancelled::<()>(&executor.block_on(handle)));
}

fn aborted_while_it_waits<S: Stage>() {
    let stage = S::new();
    let ((held, seen), is_polled) = (canary(), Gate::new());
    let polled = is_polled.clone();
    let handle = stage.spawn(async move {
        let _held = held;
        polled.open();
        pending::<()>().await
    });
    // One more task, so that the first one has been polled.
    stage.block_on(stage.spawn(async {})).unwrap();
    is_polled.wait();
    handle.abort();
    assert!(is_cancelled(&stage.block_on(handle)));
    assert_eq!(seen.drops(), 1);
}

/// It aborts itself, and returns `Pending`.
fn aborted_while_it_is_polled<S: Stage>() {
    let stage = S::new();
    let (send, receive) = futures::channel::oneshot::channel::<JoinHandle<()>>();
    let (tell, told) = futures::channel::oneshot::channel();
    let (held, seen) = canary();
    let handle = stage.spawn(async move {
        let _held = held;
        let own: JoinHandle<()> = receive.await.expect("its handle is sent");
        own.abort();
        assert!(tell.send(own).is_ok(), "the test waits for the handle");
        let mut polls = 0;
        poll_fn(|_| {
            polls += 1;
            assert_eq!(polls, 1, "an aborted task is not polled again");
            std::task::Poll::Pending
        })
        .await
    });
    assert!(send.send(handle).is_ok(), "the task waits for its handle");
    let handle = stage.block_on(told).expect("the task sends its handle");
    assert!(is_cancelled(&stage.block_on(handle)));
    assert_eq!(seen.drops(), 1);
}

/// The handle is awaited: it has stored the waker of the task that joins.
fn aborted_while_another_task_joins_it<S: Stage>() {
    let stage = S::new();
    let mut joining = Task::new(stage.spawn(pending::<()>()));
    assert!(joining.poll().is_pending());
    joining.future().abort();
    let waiting = poll_fn(|cx| {
        // Polls the handle with the waker of this root.
        joining.poll_with(cx.waker())
    });
    assert!(is_cancelled(&stage.block_on(waiting)));
}

fn aborted_when_it_has_ended<S: Stage>() {
    let stage = S::new();
    let handle = stage.spawn(async { 5 });
    while !handle.is_finished() {
        stage.block_on(stage.spawn(async {})).unwrap();
    }
    handle.abort();
    assert!(matches!(stage.block_on(handle), Ok(5)));
}

/// The handle is dropped after the abort. The task ends all the same.
fn aborted_and_detached<S: Stage>() {
    let stage = S::new();
    let (dropped, told) = futures::channel::oneshot::channel::<()>();
    let handle = stage.spawn(async move {
        let _dropped = dropped;
        pending::<()>().await
    });
    handle.abort();
    drop(handle);
    assert!(stage.block_on(told).is_err(), "the future was dropped, and with it the sender");
}
