//! Stage 7's handle and slot: whatever its size, a future stays where it is and goes once, and so does its output; a panic stays
//! where it belongs; and nobody who is told in the middle of something is forgotten.
#![forbid(unsafe_code)]

use std::{
    cell::{Cell, RefCell},
    future::{Future as _, pending, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    thread,
};

use harness::probe::{Task, WakerProbe, canary};
use lesson_executor::{
    s2_block_on::block_on,
    s7_fast::{AbortHandle, Executor, JoinHandle, spawn},
};

/// Ends now, and stays in its place until then.
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
    // One that nobody takes, in a box and not.
    for size in [false, true] {
        let (output, seen) = canary();
        let handle = executor.spawn(async move { (output, [0_u8; 1_000], size) });
        executor.run_until_stalled();
        assert_eq!(seen.drops(), 0);
        drop(handle);
        assert_eq!(seen.drops(), 1);
        let (output, seen) = canary();
        drop(executor.spawn(async { output }));
        executor.run_until_stalled();
        assert_eq!(seen.drops(), 1);
    }
}

#[test]
fn the_output_comes_to_who_awaits_before_and_after_the_end() {
    let executor = Executor::new();
    let early = executor.spawn(async { 5 });
    assert_eq!(executor.block_on(early).unwrap(), 5);
    let late = executor.spawn(async { String::from("late") });
    assert!(!late.is_finished());
    executor.run_until_stalled();
    assert!(late.is_finished());
    assert_eq!(block_on(late).unwrap(), "late");
}

#[test]
fn the_last_waker_of_a_handle_counts_and_none_stays_behind() {
    let executor = Executor::new();
    let waits = Rc::new(Cell::new(None::<Waker>));
    let kept = Rc::clone(&waits);
    let mut handle = Task::new(executor.spawn(poll_fn(move |cx| match kept.replace(Some(cx.waker().clone())) {
        Some(_) => Poll::Ready(()),
        None => Poll::Pending,
    })));
    let (first, last) = (WakerProbe::new(), WakerProbe::new());
    executor.run_until_stalled();
    for probe in [&first, &last, &last] {
        assert!(handle.poll_with(&probe.waker()).is_pending());
    }
    assert_eq!((first.live(), last.live()), (0, 1));
    let waker = waits.take().unwrap();
    waits.set(Some(waker.clone()));
    waker.wake();
    executor.run_until_stalled();
    assert_eq!((first.woken(), last.woken()), (0, 1));
    assert!(handle.poll().is_ready());
    drop(handle);
    assert_eq!(last.live(), 0);
}

/// The clone of a joiner's waker, or the drop of the one before, runs the executor, and with it the task, to its end.
#[test]
fn who_is_registered_while_the_task_ends_gets_the_output_at_once() {
    for in_the_clone in [true, false] {
        let executor = Rc::new(Executor::new());
        let task = executor.spawn(async { 5 });
        // What a probe runs must be `Send`, and the executor is not: it is reached through the thread.
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

/// What it panics with, which does so again.
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
    // The future, when it is dropped.
    let future = executor.spawn(async {
        let _held = Panics;
        pending::<()>().await
    });
    executor.run_until_stalled();
    future.abort();
    executor.run_until_stalled();
    std::mem::forget(block_on(future).unwrap_err().into_panic());
    // Future and output, both unseen, and all that they panic with.
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
    // Here it is the handle that drops it.
    let output = executor.spawn(async { Panics });
    executor.run_until_stalled();
    catch_unwind(AssertUnwindSafe(|| drop(output))).map_err(std::mem::forget).unwrap_err();
    // And here who is woken.
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

#[test]
fn aborted_while_it_waits_is_queued_runs_or_is_over() {
    let executor = Executor::new();
    let (waiting, over) = (executor.spawn(pending::<()>()), executor.spawn(async { 5 }));
    executor.run_until_stalled();
    assert!(over.is_finished());
    let new = executor.spawn(async { 6 });
    waiting.abort();
    over.abort();
    new.abort();
    let itself = Rc::new(Cell::new(None));
    let own = Rc::clone(&itself);
    let running = executor.spawn(async move {
        let abort: AbortHandle = own.take().unwrap();
        abort.abort();
        pending::<()>().await
    });
    itself.set(Some(running.abort_handle()));
    executor.run_until_stalled();
    for cancelled in [waiting, running] {
        assert!(block_on(cancelled).unwrap_err().is_cancelled());
    }
    assert!(block_on(new).unwrap_err().is_cancelled());
    assert_eq!(block_on(over).unwrap(), 5);
}

#[test]
fn aborted_from_elsewhere_it_is_dropped_here() {
    struct Where(Rc<Cell<Option<thread::ThreadId>>>);
    impl Drop for Where {
        fn drop(&mut self) {
            self.0.set(Some(thread::current().id()));
        }
    }
    let executor = Executor::new();
    let dropped = Rc::new(Cell::new(None));
    let local = Where(Rc::clone(&dropped));
    let task = executor.spawn(async move {
        let _local = local;
        pending::<()>().await
    });
    executor.run_until_stalled();
    let abort = task.abort_handle();
    drop(task);
    thread::spawn(move || abort.abort()).join().unwrap();
    assert_eq!(dropped.get(), None);
    executor.run_until_stalled();
    assert_eq!(dropped.get(), Some(thread::current().id()));
}

#[test]
#[should_panic(expected = "a join handle was polled after it was ready")]
fn ready_is_once() {
    let executor = Executor::new();
    let mut handle = pin!(executor.spawn(async {}));
    executor.run_until_stalled();
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(handle.as_mut().poll(cx).is_ready());
    let _ = handle.poll(cx);
}

/// Its future holds the handle, and is polled by it: what it waits for is its own end.
#[test]
fn a_task_that_joins_itself_waits_and_goes_with_its_executor() {
    let executor = Executor::new();
    let (held, seen) = canary();
    let own = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let handle = Rc::clone(&own);
    *own.borrow_mut() = Some(executor.spawn(async move {
        let _held = held;
        let handle = handle.borrow_mut().take().unwrap();
        handle.await.unwrap()
    }));
    executor.run_until_stalled();
    assert_eq!(seen.drops(), 0);
    drop(executor);
    assert_eq!(seen.drops(), 1);
}

#[test]
fn a_task_spawns_tasks_and_joins_them() {
    let executor = Executor::new();
    let sum = executor.block_on(async {
        let tasks: Vec<_> = (1..=3).map(|number| spawn(async move { number })).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 6);
}

#[test]
#[should_panic(expected = "spawn is for inside a task")]
fn there_must_be_an_executor_to_spawn_on() {
    drop(spawn(async {}));
}
