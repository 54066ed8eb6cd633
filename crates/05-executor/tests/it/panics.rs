//! A panic ends one task. The executor, its threads and all other tasks go on.

use std::{
    future::{Future, ready},
    panic::panic_any,
    pin::Pin,
    task::{Context, Poll},
};

use lesson_executor::{parts::join::JoinError, s1_spin, s2_block_on, s3_queue, s4_join};

use crate::both::Stage;

on_both! {
    a_panic_reaches_the_handle_and_nobody_else
    a_future_or_an_output_that_panics_when_it_is_dropped_hurts_nobody
    a_payload_that_panics_when_it_is_dropped_hurts_nobody
}

fn goes_on<S: Stage>(stage: &S) {
    for _ in 0..4 {
        assert_eq!(stage.block_on(stage.spawn(async { 5 })).unwrap(), 5);
    }
}

fn a_panic_reaches_the_handle_and_nobody_else<S: Stage>() {
    let stage = S::new();
    let failed = stage.block_on(stage.spawn(async { panic!("no such group") }));
    let error: JoinError = failed.map(|(): ()| ()).unwrap_err();
    assert_eq!(error.to_string(), "the task panicked: no such group");
    let detached = stage.spawn(async { panic!("no such group") });
    drop(detached);
    goes_on(&stage);
}

/// Panics when it is dropped, with this payload.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic_any(Payload);
    }
}

/// Panics when it is dropped.
struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic!("in the drop of a payload");
    }
}

fn a_future_or_an_output_that_panics_when_it_is_dropped_hurts_nobody<S: Stage>() {
    let stage = S::new();
    let mut captured = Some(PanicsInDrop);
    // The future is ready, and panics when the executor drops it.
    let future = stage.spawn(std::future::poll_fn(move |_| {
        let _ = &mut captured;
        Poll::Ready(())
    }));
    let Err(JoinError::Panicked(payload)) = stage.block_on(future) else { panic!("the drop panicked") };
    std::mem::forget(payload);
    // Nobody takes the output, so the executor drops it.
    drop(stage.spawn(ready(PanicsInDrop)));
    goes_on(&stage);
}

/// Panics in its poll and in its drop.
struct PanicsTwice;

impl Future for PanicsTwice {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic_any(Payload)
    }
}

impl Drop for PanicsTwice {
    fn drop(&mut self) {
        panic_any(Payload)
    }
}

fn a_payload_that_panics_when_it_is_dropped_hurts_nobody<S: Stage>() {
    let stage = S::new();
    let Err(JoinError::Panicked(payload)) = stage.block_on(stage.spawn(PanicsTwice)) else { panic!("it panicked") };
    std::mem::forget(payload);
    drop(stage.spawn(PanicsTwice));
    goes_on(&stage);
}

/// Stage 3 has no handles: the panic comes out of the call that polled. The executor stays usable,
/// and the task is dropped.
#[test]
fn on_stage_3_a_panic_comes_out_and_the_others_go_on() {
    let executor = s3_queue::Executor::new();
    let (held, seen) = harness::probe::canary();
    executor.spawn(async move {
        let _held = held;
        panic!("no such group");
    });
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| executor.run_until_stalled()));
    assert!(caught.is_err() && seen.drops() == 1);
    let (tell, told) = futures::channel::oneshot::channel();
    executor.spawn(async { tell.send(5).unwrap() });
    assert_eq!(executor.block_on(told), Ok(5));
}

/// The root is no task: its panic comes out of the call, on every stage.
#[test]
fn a_panic_of_the_root_comes_out() {
    let calls: [fn(); 5] = [
        || s1_spin::Executor::new().block_on(async { panic!("in the root") }),
        || s2_block_on::block_on(async { panic!("in the root") }),
        || s2_block_on::naive_block_on(async { panic!("in the root") }),
        || s3_queue::Executor::new().block_on(async { panic!("in the root") }),
        || s4_join::Executor::new().block_on(async { panic!("in the root") }),
    ];
    for call in calls {
        let payload = std::panic::catch_unwind(call).expect_err("the root panics");
        assert_eq!(payload.downcast_ref(), Some(&"in the root"));
    }
}
