//! Stage 4's handle and slot, beyond what `join_handle.rs` tests on both stages. A future of any
//! size stays in its place and is dropped once, and so is its output. A panic reaches one handle
//! only. A joiner that registers while the task ends gets the output at once.

use std::{
    cell::RefCell,
    future::{pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    rc::Rc,
    task::Poll,
    thread,
};

use harness::probe::{Task, WakerProbe, canary};
use lesson_executor::s2_block_on::block_on;
use lesson_fast_executor::s4_no_atomics::Executor;

use crate::ends::Ends as _;

/// Runs a task that ends soon, and checks that its future has stayed in its place.
fn watched<B: Copy + 'static, T: Copy + 'static>(executor: &Executor, bytes: B, output: T) -> T {
    let (held, seen) = canary();
    let mut polls = 0;
    let task = executor.spawn(async move {
        let held = held;
        poll_fn(|cx| {
            held.polled();
            polls += 1;
            cx.waker().wake_by_ref();
            if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        std::hint::black_box(bytes);
        output
    });
    let output = executor.block_on(task).unwrap();
    assert_eq!((seen.moves(), seen.drops()), (0, 1));
    output
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(align(64))]
struct Aligned(u8);

#[test]
fn futures_and_outputs_of_all_sizes_and_alignments_come_through() {
    let executor = Executor::new();
    assert_eq!(watched(&executor, (), 5_u8), 5);
    assert_eq!(watched(&executor, [1_u8; 1_000], 5_u8), 5);
    assert_eq!(watched(&executor, (), [5_u8; 1_000]), [5; 1_000]);
    assert_eq!(watched(&executor, Aligned(1), Aligned(5)), Aligned(5));
    // An output in a box, which nobody takes. (`join_handle` has one that is not in a box.)
    let (output, seen) = canary();
    let handle = executor.spawn(async move { (output, [0_u8; 1_000]) });
    executor.run_until_stalled();
    assert_eq!(seen.drops(), 0);
    drop(handle);
    assert_eq!(seen.drops(), 1);
}

/// The clone of a joiner's waker, or the drop of the previous one, runs the executor and so ends
/// the task.
#[test]
fn who_is_registered_while_the_task_ends_gets_the_output_at_once() {
    for in_the_clone in [true, false] {
        let executor = Rc::new(Executor::new());
        let task = executor.spawn(async { 5 });
        // A function of a probe must be `Send`, but the executor is not. So the function finds the
        // executor in a thread-local.
        thread_local! {
            static RUN: RefCell<Option<Rc<Executor>>> = const { RefCell::new(None) };
        }
        let run = || {
            let executor = RUN.take();
            executor.inspect(|executor| executor.run_until_stalled());
        };
        let probe = if in_the_clone { WakerProbe::new().on_clone(run) } else { WakerProbe::new().on_drop(run) };
        let mut task = Task::new(task);
        if !in_the_clone {
            assert!(task.poll_with(&probe.waker()).is_pending());
        }
        RUN.set(Some(executor));
        let last = WakerProbe::new();
        let polled = task.poll_with(&if in_the_clone { probe.waker() } else { last.waker() });
        assert!(matches!(polled, Poll::Ready(Ok(5))), "in the clone: {in_the_clone}");
    }
}

/// Panics when it is dropped.
struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic_any(PanicsAgain);
        }
    }
}

/// The payload of that panic, which panics again.
struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        assert!(thread::panicking(), "again");
    }
}

#[test]
fn whatever_panics_wherever_it_is_its_own_matter() {
    let executor = Executor::new();
    let (held, seen) = canary();
    let panics = executor.spawn(async move {
        let _held = held;
        assert!(seen_by_nobody(), "no such group");
    });
    executor.run_until_stalled();
    assert_eq!(seen.drops(), 1);
    let why = block_on(panics).unwrap_err();
    assert!(why.is_panic() && why.to_string() == "the task panicked: no such group", "{why}");
    // A future panics when it is dropped.
    let future = executor.spawn(async {
        let _held = Panics;
        pending::<()>().await
    });
    executor.run_until_stalled();
    future.abort();
    executor.run_until_stalled();
    std::mem::forget(block_on(future).unwrap_err().into_panic());
    // Future and output panic, nobody sees them, and the payloads panic too.
    drop(executor.spawn(async {
        panic_any(PanicsAgain);
        #[expect(unreachable_code, reason = "this gives the output its type")]
        Panics
    }));
    drop(executor.spawn(async { Panics }));
    let held = Panics;
    drop(executor.spawn(async move {
        let _held = &held;
        poll_fn(|_| Poll::Ready(Panics)).await
    }));
    executor.run_until_stalled();
    // Here the handle drops the output.
    let output = executor.spawn(async { Panics });
    executor.run_until_stalled();
    catch_unwind(AssertUnwindSafe(|| drop(output))).map_err(std::mem::forget).unwrap_err();
    // Here the woken waker panics.
    let probe = WakerProbe::new().on_wake(|| panic!("in a wake"));
    let mut joined = Task::new(executor.spawn(async { 5 }));
    assert!(joined.poll_with(&probe.waker()).is_pending());
    executor.run_until_stalled();
    assert_eq!(joined.assert_ready().unwrap(), 5);
    assert_eq!(executor.block_on(executor.spawn(async { 5 })).unwrap(), 5);
}

fn seen_by_nobody() -> bool {
    false
}
