//! What the exercise and its solution share: which checks belong to which step, and how these reach
//! the reader's file.

use std::{
    future::{pending, poll_fn},
    panic::panic_any,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use harness::{
    Check, Handle, Level, Stop, Subject, Verdict, Work,
    executor::{self, DroppedHandle, End, Job, Output, Panics, Policies, Tested},
    holds,
    probe::{Gate, PATIENCE, Task, canary},
    until, waker,
};

use crate::exercise::{Executor, JoinError, JoinHandle, Parker, Pool, block_on};

/// What a step is judged by: parts of the contract, and what is the exercise's own.
pub struct Step {
    tested: Tested,
    does: fn() -> Verdict,
}

/// Every step.
pub fn steps() -> Vec<Subject<Step>> {
    let step = |name, tested: Tested, does, only| Subject::new(name, Step { tested, does }).only(only);
    vec![
        step("step-1", Tested::block_on(|root: Work| block_on(root)), sleeps, &["C1", "C18", "V1"]),
        step("step-2", own(2), is_first_in_first_out, &["V1"]),
        step("step-3", own(3), is_queued_again, &["B10", "B11", "C4", "C5", "C7", "C9", "V1"]),
        step("step-4", own(4), polls_who_is_woken, &["C1", "C4", "C8", "C18", "V1"]),
        step("step-5", own(5), joins, &["C6", "C16", "V1"]),
        step("step-6", own(6), tells_of_a_panic, &["C10", "V1"]),
        step("step-7", own(7), is_over, &["B7", "B8", "C15", "V1"]),
        step("step-8", pool(), has_threads, &["C4", "C5", "C10", "C18", "V1"]),
    ]
}

/// The reader's executor, with as much of it as is there after so many steps.
fn own(step: usize) -> Tested {
    Tested::executor(move || Own { executor: Executor::new(), step }).policies(Policies {
        drops_before_join: Some(true),
        fairness: Some(8),
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Detaches),
        owns_tasks: (step >= 7).then_some(true),
        ..Policies::default()
    })
}

struct Own {
    executor: Executor,
    step: usize,
}

impl harness::Executor for Own {
    fn spawn(&self, work: Work) {
        // From step 5 on there is a handle, and from step 6 on a panic is no concern of the
        // executor's.
        if self.step < 5 { self.executor.spawn_detached(work) } else { drop(self.executor.spawn(work)) }
    }

    fn block_on(&self, root: Work) -> bool {
        let there = self.step >= 4;
        if there {
            self.executor.block_on(root);
        }
        there
    }

    fn run_until_stalled(&self) -> bool {
        self.executor.run_until_stalled();
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        (self.step >= 5).then(|| Handle::new(end(self.executor.spawn(job))))
    }

    fn queue_len(&self) -> Option<usize> {
        Some(self.executor.queue_len())
    }
}

fn pool() -> Tested {
    Tested::executor(|| Threads(Pool::new(2))).policies(Policies {
        drops_before_join: Some(true),
        panics: Some(Panics::Isolated),
        dropped_handle: Some(DroppedHandle::Detaches),
        ..Policies::default()
    })
}

/// The reader's pool.
struct Threads(Pool);

impl harness::Executor for Threads {
    fn spawn(&self, work: Work) {
        drop(self.0.spawn(work));
    }

    fn block_on(&self, root: Work) -> bool {
        block_on(root);
        true
    }

    fn spawn_joined(&self, job: Job) -> Option<Handle> {
        Some(Handle::new(end(self.0.spawn(job))))
    }

    fn threads(&self) -> usize {
        2
    }
}

async fn end(handle: JoinHandle<Output>) -> End {
    match handle.await {
        Ok(output) => End::Finished(output),
        Err(JoinError::Panicked(_)) => End::Panicked,
        Err(JoinError::Cancelled) => End::Cancelled,
    }
}

/// The contract's checks that the steps ask for, and one that is the exercise's own.
pub static CHECKS: [Check<Step>; 16] = [
    of_waker::<7>(),
    of_waker::<8>(),
    of_waker::<10>(),
    of_waker::<11>(),
    of_executor::<1>(),
    of_executor::<4>(),
    of_executor::<5>(),
    of_executor::<6>(),
    of_executor::<7>(),
    of_executor::<8>(),
    of_executor::<9>(),
    of_executor::<10>(),
    of_executor::<15>(),
    of_executor::<16>(),
    of_executor::<18>(),
    Check {
        id: "V1",
        level: Level::Must,
        must: "it does what it says that it does",
        why: "it may keep every rule of polling and waking, and still answer wrong",
        source: "https://doc.rust-lang.org/std/task/index.html",
        deadline: Duration::from_secs(60),
        run: |step: &Step| (step.does)(),
    },
];

/// B1 is the first.
const fn of_waker<const NUMBER: usize>() -> Check<Step> {
    let Check { id, level, must, why, source, deadline, .. } = waker::CHECKS[NUMBER - 1];
    Check { id, level, must, why, source, deadline, run: |step| (waker::CHECKS[NUMBER - 1].run)(&step.tested) }
}

/// C1 is the first.
const fn of_executor<const NUMBER: usize>() -> Check<Step> {
    let Check { id, level, must, why, source, deadline, .. } = executor::CHECKS[NUMBER - 1];
    Check { id, level, must, why, source, deadline, run: |step| (executor::CHECKS[NUMBER - 1].run)(&step.tested) }
}

fn is(what: &str, found: usize, expected: usize) -> Verdict {
    holds(found == expected, || format!("{what}: should be {expected}, found: {found}"))
}

/// An unpark that comes before the park is not lost, and one that comes during the sleep ends it.
fn sleeps() -> Verdict {
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

fn is_first_in_first_out() -> Verdict {
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

fn is_queued_again() -> Verdict {
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

/// The future that is blocked on waits for the last of ten tasks: it is polled because it is new,
/// and because it was woken.
fn polls_who_is_woken() -> Verdict {
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
    is("polls of a future that was blocked on and woken once", polls, 2)
}

fn joins() -> Verdict {
    let executor = Executor::new();
    let mut early = Task::new(executor.spawn(async { 5 }));
    holds(early.poll().is_pending(), || "a handle was ready before its task was polled")?;
    executor.run_until_stalled();
    is("wakes of who waits for a task that has ended", early.probe().woken(), 1)?;
    let output = early.poll();
    holds(matches!(output, Poll::Ready(Ok(5))), || format!("a task gave 5, and its handle {output:?}"))?;
    let late = executor.spawn(async { "late" });
    executor.run_until_stalled();
    let output = Task::new(late).poll();
    holds(matches!(output, Poll::Ready(Ok("late"))), || format!("a task had ended, and its handle gave {output:?}"))
}

fn tells_of_a_panic() -> Verdict {
    let executor = Executor::new();
    let mut handle = Task::new(executor.spawn(async { panic_any(5) }));
    executor.run_until_stalled();
    let output = handle.poll().map(|output: Result<(), _>| output);
    let Poll::Ready(Err(JoinError::Panicked(with))) = output else {
        return Err(Stop::Failed(format!("a task panicked with 5, and its handle gave {output:?}")));
    };
    holds(with.downcast_ref() == Some(&5), || "a task panicked with 5, and its handle has something else")
}

/// The executor is dropped with one task in the queue and one that waits, and another task was
/// aborted before. All three futures are dropped, and all three handles say so.
fn is_over() -> Verdict {
    let executor = Executor::new();
    let spawned = || {
        let (held, seen) = canary();
        let handle = executor.spawn(async move {
            let _held = held;
            pending::<()>().await
        });
        (handle, seen)
    };
    let (aborted, aborted_seen) = spawned();
    let (waits, waits_seen) = spawned();
    executor.run_until_stalled();
    aborted.abort();
    executor.run_until_stalled();
    is("drops of what an aborted task held, after the next run", aborted_seen.drops(), 1)?;
    is_cancelled("a task was aborted", aborted)?;
    let (queued, queued_seen) = spawned();
    drop(executor);
    is("drops of what a queued task held, after the executor was dropped", queued_seen.drops(), 1)?;
    is("drops of what a waiting task held, after the executor was dropped", waits_seen.drops(), 1)?;
    is_cancelled("a task was in the queue of an executor that was dropped", queued)?;
    is_cancelled("a task waited when its executor was dropped", waits)
}

fn is_cancelled(what: &str, handle: JoinHandle<()>) -> Verdict {
    let output = Task::new(handle).poll();
    let cancelled = matches!(output, Poll::Ready(Err(JoinError::Cancelled)));
    holds(cancelled, || format!("{what}, and its handle gave {output:?}"))
}

/// Two polls are under way at once; and a task that is woken while it is polled, when the other
/// thread has nothing else to do, is polled again.
fn has_threads() -> Verdict {
    let pool = Pool::new(2);
    let (first, second) = (Gate::new(), Gate::new());
    let meet = |mine: &Gate, other: &Gate| {
        let (mine, other) = (mine.clone(), other.clone());
        pool.spawn(async move {
            mine.open();
            other.opens_within(PATIENCE)
        })
    };
    let (one, other) = (meet(&first, &second), meet(&second, &first));
    let met = [block_on(one), block_on(other)].iter().all(|met| matches!(met, Ok(true)));
    holds(met, || "two tasks were spawned, and the second one was not polled while the first one was")?;
    for _ in 0..20 {
        let (is_polled, is_woken) = (Gate::new(), Gate::new());
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let (polled, woken, keep) = (is_polled.clone(), is_woken.clone(), Arc::clone(&waker));
        let mut polls = 0;
        let mut task = Task::new(pool.spawn(poll_fn(move |cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            *keep.lock().expect("nobody panics") = Some(cx.waker().clone());
            polled.open();
            woken.wait();
            Poll::Pending
        })));
        is_polled.wait();
        let waker = waker.lock().expect("nobody panics").take().expect("it was polled");
        waker.wake();
        // Whichever thread looks into the queue has looked.
        let looked = until(PATIENCE, || (pool.queue_len() == 0).then_some(()));
        is_woken.open();
        holds(
            looked.is_some(),
            || "a task was woken while one thread polled it, and the other thread left it in the queue",
        )?;
        let ended = until(PATIENCE, || if let Poll::Ready(end) = task.poll() { Some(end) } else { None });
        holds(matches!(ended, Some(Ok(()))), || {
            format!("a task was woken while it was polled, should be polled again and end, found: {ended:?}")
        })?;
    }
    Ok(())
}
