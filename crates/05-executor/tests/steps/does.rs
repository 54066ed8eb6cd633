//! V1 of steps 1 to 6: each function does what its comment says.

use std::{
    future::{Future, poll_fn},
    panic::panic_any,
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    task::{Context, Poll, Waker},
    thread,
};

use harness::{
    Stop, Verdict, Work, holds,
    probe::{Gate, PATIENCE, Task, WakerProbe, canary},
};

use crate::exercise::{Executor, JoinError, Parker, block_on};

pub fn is(what: &str, found: usize, expected: usize) -> Verdict {
    holds(found == expected, || format!("{what}: should be {expected}, found: {found}"))
}

/// An unpark that comes before the park is not lost, and one that comes during the sleep ends it.
pub fn sleeps() -> Verdict {
    let parker = Arc::new(Parker::default());
    parker.unpark();
    parker.unpark();
    parker.park();
    let (shared, waits) = (Arc::clone(&parker), Gate::new());
    let about_to = waits.clone();
    let sleeper = thread::spawn(move || {
        about_to.open();
        shared.park();
    });
    waits.wait();
    parker.unpark();
    sleeper.join().map_err(|_| Stop::Failed("the thread in `park` panicked".into()))?;
    let output = block_on(async { 5 });
    holds(output == 5, || format!("block_on of a future that is ready with 5 gave {output}"))
}

/// A future that notes its name in each poll, and is ready in the last of so many.
fn notes(name: char, polls: usize, into: &Arc<Mutex<String>>) -> Work {
    let into = Arc::clone(into);
    let mut left = polls;
    Box::pin(poll_fn(move |_| {
        into.lock().expect("nobody panics").push(name);
        left -= 1;
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    }))
}

pub fn is_first_in_first_out() -> Verdict {
    let (executor, noted) = (Executor::new(), Arc::default());
    for name in ['a', 'b', 'c'] {
        executor.spawn_detached(notes(name, if name == 'b' { 2 } else { 1 }, &noted));
    }
    is("tasks in the queue when three were spawned", executor.queue_len(), 3)?;
    executor.run_until_stalled();
    is("tasks in the queue when all were polled", executor.queue_len(), 0)?;
    executor.run_until_stalled();
    let noted = noted.lock().expect("nobody panics").clone();
    holds(noted == "abc", || {
        format!("a, b and c were spawned, b is pending: should be polled as abc, found: {noted}")
    })?;
    let (held, seen) = canary();
    executor.spawn_detached(Box::pin(async move { drop(held) }));
    executor.run_until_stalled();
    is("drops of what a task held that has ended", seen.drops(), 1)
}

pub fn is_queued_again() -> Verdict {
    let executor = Executor::new();
    let waker = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&waker);
    let mut polls = 0;
    executor.spawn_detached(Box::pin(poll_fn(move |cx| {
        polls += 1;
        *keep.lock().expect("nobody panics") = Some(cx.waker().clone());
        if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
    })));
    executor.run_until_stalled();
    is("tasks in the queue when the only one is pending", executor.queue_len(), 0)?;
    let waker = waker.lock().expect("nobody panics").take().expect("it was polled");
    waker.wake_by_ref();
    is("tasks in the queue when it was woken", executor.queue_len(), 1)?;
    executor.run_until_stalled();
    waker.wake();
    executor.run_until_stalled();
    is("tasks in the queue when it has ended and was woken again", executor.queue_len(), 0)
}

/// Runs the body on another thread, which must return in time.
fn returns(what: &'static str, body: impl FnOnce() + Send + 'static) -> Verdict {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        body();
        done.send(()).unwrap_or_default();
    });
    is_done.recv_timeout(PATIENCE).map_err(|_| Stop::Failed(format!("{what}, and `block_on` did not return")))
}

/// Wakes itself in each of this many polls.
fn busy(polls: usize) -> impl Future<Output = ()> + Send {
    let mut left = polls;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// The future that is blocked on waits for the last of ten tasks: it is polled because it is new,
/// and because it was woken.
pub fn polls_who_is_woken() -> Verdict {
    let executor = Executor::new();
    let (done, waiting) = (Gate::new(), Arc::new(Mutex::new(None::<Waker>)));
    for number in 1..=10 {
        let (done, waiting) = (done.clone(), Arc::clone(&waiting));
        executor.spawn_detached(Box::pin(async move {
            if number == 10 {
                done.open();
                let waker = waiting.lock().expect("nobody panics").take();
                waker.into_iter().for_each(Waker::wake);
            }
        }));
    }
    let mut polls = 0;
    executor.block_on(poll_fn(|cx| {
        polls += 1;
        *waiting.lock().expect("nobody panics") = Some(cx.waker().clone());
        if done.is_open() { Poll::Ready(()) } else { Poll::Pending }
    }));
    is("polls of a future that was blocked on and woken once", polls, 2)?;
    returns("the root was woken while a task woke itself again and again: the root starves", || {
        let executor = Executor::new();
        executor.spawn_detached(Box::pin(busy(usize::MAX)));
        executor.block_on(busy(10));
    })?;
    returns("the root woke itself and then called `block_on` inside its poll, which used up the unpark", || {
        let executor = Executor::new();
        let mut polls = 0;
        executor.block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            executor.block_on(busy(1));
            Poll::Pending
        }));
    })
}

pub fn joins() -> Verdict {
    let executor = Executor::new();
    let mut early = Task::new(executor.spawn(async { 5 }));
    holds(early.poll().is_pending(), || "a handle was ready before its task was polled")?;
    executor.run_until_stalled();
    is("wakes of who waits for a task that has ended", early.probe().woken(), 1)?;
    let output = early.poll();
    holds(matches!(output, Poll::Ready(Ok(5))), || format!("a task gave 5, and its handle {output:?}"))?;
    let mut joined = Task::new(executor.spawn(async { 5 }));
    let [first, last] = [WakerProbe::new(), WakerProbe::new()];
    for probe in [&first, &last] {
        holds(joined.poll_with(&probe.waker()).is_pending(), || "a handle was ready before its task was polled")?;
    }
    executor.run_until_stalled();
    holds(
        last.woken() == 1,
        || "a handle was polled with one waker and then with another, and the last was not woken",
    )?;
    wakes_without_the_lock(&executor)?;
    let late = executor.spawn(async { "late" });
    executor.run_until_stalled();
    let output = Task::new(late).poll();
    holds(matches!(output, Poll::Ready(Ok("late"))), || format!("a task had ended, and its handle gave {output:?}"))
}

/// While the waiter is woken, another thread polls the handle.
fn wakes_without_the_lock(executor: &Executor) -> Verdict {
    let handle = Arc::new(Mutex::new(executor.spawn(async { 5 })));
    let (shared, polled) = (Arc::clone(&handle), Gate::new());
    let (is_polled, in_time) = (polled.clone(), Arc::new(Mutex::new(None)));
    let seen = Arc::clone(&in_time);
    let probe = WakerProbe::new().on_wake(move || {
        let (shared, is_polled) = (Arc::clone(&shared), is_polled.clone());
        thread::spawn(move || {
            let mut handle = shared.lock().expect("nobody panics");
            let _output = Pin::new(&mut *handle).poll(&mut Context::from_waker(Waker::noop()));
            is_polled.open();
        });
        *seen.lock().expect("nobody panics") = Some(polled.opens_within(PATIENCE / 4));
    });
    let waker = probe.waker();
    let pending =
        Pin::new(&mut *handle.lock().expect("nobody panics")).poll(&mut Context::from_waker(&waker)).is_pending();
    executor.run_until_stalled();
    let in_time = *in_time.lock().expect("nobody panics");
    holds(
        pending && in_time == Some(true),
        || "the waiter was woken while a lock of the result cell was held: a poll of the handle on another thread had to wait",
    )
}

pub fn tells_of_a_panic() -> Verdict {
    let executor = Executor::new();
    let mut handle = Task::new(executor.spawn(async { panic_any(5) }));
    executor.run_until_stalled();
    let output = handle.poll().map(|output: Result<(), _>| output);
    let Poll::Ready(Err(JoinError::Panicked(with))) = output else {
        return Err(Stop::Failed(format!("a task panicked with 5, and its handle gave {output:?}")));
    };
    holds(with.downcast_ref() == Some(&5), || "a task panicked with 5, and its handle has something else")
}
