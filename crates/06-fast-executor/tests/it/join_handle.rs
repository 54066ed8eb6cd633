//! The join handle. The output arrives once and whole. A panic reaches one handle only. A handle
//! that is dropped ends nothing.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, ready},
    mem,
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::{Pin, pin},
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    thread,
};

use harness::probe::{Gate, Task, WakerProbe, canary};
use lesson_executor::s2_block_on::block_on;
use lesson_fast_executor::s1_one_allocation::{Executor, JoinHandle};

use crate::ends::Ends as _;
use crate::one_thread::{Handle as _, Stage};

on_both! {
    the_output_comes_to_who_awaits_before_and_after_the_end
    an_output_that_nobody_takes_is_dropped_once_with_the_handle_or_without_it
    the_last_waker_of_a_handle_counts_and_none_stays_behind
    a_panic_reaches_the_handle_and_nobody_else
    a_future_or_an_output_that_panics_when_it_is_dropped_hurts_nobody
    a_payload_that_panics_when_it_is_dropped_hurts_nobody
    aborted_while_it_waits_is_queued_runs_or_is_over
    a_task_that_cannot_be_sent_is_aborted_from_elsewhere_and_dropped_here
    a_task_that_joins_itself_waits_and_goes_with_its_executor
    #[should_panic(expected = "a join handle was polled after it was ready")] ready_is_once
    a_task_spawns_tasks_and_joins_them
    #[should_panic(expected = "`spawn` was called outside an executor")] there_must_be_an_executor_to_spawn_on
}

fn the_output_comes_to_who_awaits_before_and_after_the_end<S: Stage>() {
    let executor = S::new();
    let early = executor.spawn(async { 5 });
    assert_eq!(executor.block_on(early).unwrap(), 5);
    let late = executor.spawn(async { String::from("late") });
    assert!(!late.is_finished());
    executor.run_until_stalled();
    assert!(late.is_finished());
    assert_eq!(block_on(late).unwrap(), "late");
}

fn an_output_that_nobody_takes_is_dropped_once_with_the_handle_or_without_it<S: Stage>() {
    let executor = S::new();
    let (output, seen) = canary();
    let handle = executor.spawn(async { output });
    executor.run_until_stalled();
    assert_eq!(seen.drops(), 0);
    drop(handle);
    assert_eq!(seen.drops(), 1);
    let (output, seen) = canary();
    drop(executor.spawn(async { output }));
    executor.run_until_stalled();
    assert_eq!(seen.drops(), 1);
}

fn the_last_waker_of_a_handle_counts_and_none_stays_behind<S: Stage>() {
    let executor = S::new();
    let (go, waits) = (Gate::new(), Rc::new(Cell::new(None::<Waker>)));
    let (gone, kept) = (go.clone(), Rc::clone(&waits));
    let mut handle = Task::new(executor.spawn(std::future::poll_fn(move |cx| {
        kept.set(Some(cx.waker().clone()));
        if gone.is_open() { Poll::Ready(()) } else { Poll::Pending }
    })));
    let (first, last) = (WakerProbe::new(), WakerProbe::new());
    executor.run_until_stalled();
    for probe in [&first, &last, &last] {
        assert!(handle.poll_with(&probe.waker()).is_pending());
    }
    assert_eq!((first.live(), last.live()), (0, 1));
    go.open();
    waits.take().unwrap().wake();
    executor.run_until_stalled();
    assert_eq!((first.woken(), last.woken()), (0, 1));
    assert!(handle.poll().is_ready());
    drop(handle);
    assert_eq!(last.live(), 0);
}

fn no_such_group() {
    panic!("no such group");
}

fn a_panic_reaches_the_handle_and_nobody_else<S: Stage>() {
    let executor = S::new();
    let (held, seen) = canary();
    let panics = executor.spawn(async move {
        let _held = held;
        no_such_group()
    });
    let other = executor.spawn(async { 5 });
    executor.run_until_stalled();
    assert_eq!(seen.drops(), 1);
    let why = block_on(panics).unwrap_err();
    assert!(why.is_panic() && why.to_string() == "the task panicked: no such group", "{why}");
    assert_eq!(why.into_panic().downcast_ref(), Some(&"no such group"));
    assert_eq!(block_on(other).unwrap(), 5);
}

fn a_future_or_an_output_that_panics_when_it_is_dropped_hurts_nobody<S: Stage>() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let executor = S::new();
    let future = executor.spawn(async {
        let _held = Panics;
        pending::<()>().await
    });
    executor.run_until_stalled();
    future.abort();
    executor.run_until_stalled();
    assert!(block_on(future).unwrap_err().is_panic());
    // Nobody wants this output.
    drop(executor.spawn(async { Panics }));
    executor.run_until_stalled();
    // Here the handle drops the output.
    let output = executor.spawn(async { Panics });
    executor.run_until_stalled();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(output))).is_err());
    assert_eq!(executor.block_on(executor.spawn(async { 5 })).unwrap(), 5);
}

/// A payload whose drop panics with another payload, whose drop panics too.
struct Payload(u32);

impl Drop for Payload {
    fn drop(&mut self) {
        if self.0 > 0 { panic_any(Payload(self.0 - 1)) } else { panic!("in the drop of a payload") }
    }
}

/// Panics with such a payload in its poll, and in its drop.
struct Panics;

impl Future for Panics {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic_any(Payload(1))
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        panic_any(Payload(1))
    }
}

fn a_payload_that_panics_when_it_is_dropped_hurts_nobody<S: Stage>() {
    let executor = S::new();
    // Nobody sees the payload of the poll. The handle reports the payload of the drop.
    let both = executor.spawn(Panics);
    drop(executor.spawn(ready(Panics)));
    executor.run_until_stalled();
    let seen = block_on(both).unwrap_err().into_panic().downcast::<Payload>();
    mem::forget(*seen.expect("it is what it panicked with"));
    assert_eq!(executor.block_on(executor.spawn(async { 5 })).unwrap(), 5);
}

/// The waker of a joiner. It panics when it is woken, and again when it is dropped after the
/// handle.
struct Joiner(Mutex<Option<JoinHandle<()>>>);

impl Wake for Joiner {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        drop(self.0.lock().unwrap().take());
        panic!("in the wake of who waits");
    }
}

impl Drop for Joiner {
    fn drop(&mut self) {
        panic!("in the drop of who waits");
    }
}

#[test]
fn a_joiner_whose_waker_panics_hurts_nobody() {
    let executor = Executor::new();
    let joiner = Arc::new(Joiner(Mutex::default()));
    let mut handle = executor.spawn(async {});
    let waker = Waker::from(Arc::clone(&joiner));
    assert!(pin!(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    *joiner.0.lock().unwrap() = Some(handle);
    let gone = Arc::downgrade(&joiner);
    drop((waker, joiner));
    let next = executor.spawn(async { 5 });
    executor.run_until_stalled();
    assert!(gone.upgrade().is_none(), "it was woken, and let go of");
    assert_eq!(block_on(next).unwrap(), 5);
}

fn aborted_while_it_waits_is_queued_runs_or_is_over<S: Stage>() {
    let executor = S::new();
    let (waiting, queued) = (executor.spawn(pending::<()>()), executor.spawn(async { 5 }));
    executor.run_until_stalled();
    assert!(queued.is_finished());
    let new = executor.spawn(async { 6 });
    waiting.abort();
    queued.abort();
    new.abort();
    let itself = Rc::new(Cell::new(None));
    let own = Rc::clone(&itself);
    let running = executor.spawn(async move {
        let abort: Box<dyn Fn()> = own.take().unwrap();
        abort();
        pending::<()>().await
    });
    itself.set(Some(Box::new(running.aborts())));
    executor.run_until_stalled();
    assert!(block_on(waiting).unwrap_err().is_cancelled());
    assert!(block_on(new).unwrap_err().is_cancelled());
    assert!(block_on(running).unwrap_err().is_cancelled());
    assert_eq!(block_on(queued).unwrap(), 5);
}

fn a_task_that_cannot_be_sent_is_aborted_from_elsewhere_and_dropped_here<S: Stage>() {
    struct Where(Rc<Cell<Option<thread::ThreadId>>>);
    impl Drop for Where {
        fn drop(&mut self) {
            self.0.set(Some(thread::current().id()));
        }
    }
    let executor = S::new();
    let dropped = Rc::new(Cell::new(None));
    let local = Where(Rc::clone(&dropped));
    let task = executor.spawn(async move {
        let _local = local;
        pending::<()>().await
    });
    executor.run_until_stalled();
    thread::spawn(task.aborts()).join().unwrap();
    assert_eq!(dropped.get(), None);
    executor.run_until_stalled();
    assert_eq!(dropped.get(), Some(thread::current().id()));
}

/// The future holds the task's own handle and polls it: it waits for its own end.
fn a_task_that_joins_itself_waits_and_goes_with_its_executor<S: Stage>() {
    let executor = S::new();
    let (held, seen) = canary();
    let own = Rc::new(RefCell::new(None::<S::Handle<()>>));
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

fn ready_is_once<S: Stage>() {
    let executor = S::new();
    let mut handle = pin!(executor.spawn(async {}));
    executor.run_until_stalled();
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(handle.as_mut().poll(cx).is_ready());
    let _ = handle.poll(cx);
}

fn a_task_spawns_tasks_and_joins_them<S: Stage>() {
    let executor = S::new();
    let sum = executor.block_on(async {
        let tasks: Vec<_> = (1..=3).map(|number| S::spawn_here(async move { number })).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 6);
}

fn there_must_be_an_executor_to_spawn_on<S: Stage>() {
    drop(S::spawn_here(async {}));
}
