//! What the exercise and its solution share: which checks belong to which step, and how these reach
//! the reader's file.

use std::{
    fmt::Debug,
    future::{Future, pending, ready},
    sync::LazyLock,
    time::Duration,
};

use harness::{
    Check, Level, Subject, Verdict,
    future::{self, Tested},
    holds,
    probe::Task,
};

use crate::exercise::{Countdown, Either, Elapsed, event, join, map, select, timeout, yield_now};

/// What a step is judged by: the contract, and what its futures must yield.
pub struct Step {
    tested: Tested,
    yields: fn() -> Verdict,
}

/// Every step, with its checks.
pub fn all() -> Vec<Subject<Step>> {
    const PARENT: &[&str] = &["A1", "A2", "A3", "A4", "A7", "A12", "A13", "A15", "V1"];
    let step = |name, tested, yields, only| Subject::new(name, Step { tested, yields }).only(only);
    let event = || {
        Tested::waits(|| {
            let (trigger, event) = event();
            (event, move || trigger.set())
        })
    };
    vec![
        step("step-1", Tested::completes(|| Countdown::new(3)), counts, &["A1", "A2", "A4", "V1"]),
        step("step-2", Tested::completes(yield_now), yields_once, &["A1", "A2", "A4", "V1"]),
        step("step-3", event(), happens, &["A1", "A2", "A3", "A4", "A5", "A10", "A11", "A14", "V1"]),
        step("step-4", event(), happens, &["A7"]),
        step(
            "step-5",
            Tested::wraps(|child| map(child, |number| number + 1)),
            maps,
            &["A1", "A2", "A3", "A4", "A7", "A12", "A13", "V1"],
        ),
        step("step-6", Tested::joins(join), joins, PARENT),
        step("step-7", Tested::selects(select), selects, PARENT),
        step("step-8", Tested::selects(|work, limit| timeout(work, async { _ = limit.await })), times_out, PARENT),
    ]
}

/// The contract's checks, and one that is the exercise's own.
pub static CHECKS: LazyLock<Vec<Check<Step>>> = LazyLock::new(|| {
    const RUNS: [fn(&Step) -> Verdict; 17] = [
        contract::<0>,
        contract::<1>,
        contract::<2>,
        contract::<3>,
        contract::<4>,
        contract::<5>,
        contract::<6>,
        contract::<7>,
        contract::<8>,
        contract::<9>,
        contract::<10>,
        contract::<11>,
        contract::<12>,
        contract::<13>,
        contract::<14>,
        contract::<15>,
        contract::<16>,
    ];
    let contract = future::CHECKS.iter().zip(RUNS).map(|(check, run)| Check {
        id: check.id,
        level: check.level,
        must: check.must,
        why: check.why,
        source: check.source,
        deadline: check.deadline,
        run,
    });
    let values = Check {
        id: "V1",
        level: Level::Must,
        must: "it yields what it says that it yields, and after as many polls",
        why: "a future may keep every rule of waiting, and still answer wrong, too early or too late",
        source: "https://doc.rust-lang.org/std/future/trait.Future.html#associatedtype.Output",
        deadline: Duration::from_secs(60),
        run: |step: &Step| (step.yields)(),
    };
    contract.chain([values]).collect()
});

fn contract<const NUMBER: usize>(step: &Step) -> Verdict {
    (future::CHECKS[NUMBER].run)(&step.tested)
}

/// It must be ready after so many polls that are not, each followed by a wake, and yield this.
fn after<F>(what: &str, pending: u32, future: F, expected: F::Output) -> Verdict
where
    F: Future<Output: Debug + PartialEq>,
{
    let mut task = Task::new(future);
    for poll in 1..=pending {
        let polled = task.poll();
        holds(polled.is_pending(), || format!("{what}: poll {poll} was {polled:?}, and should be Pending"))?;
        holds(task.is_woken(), || format!("{what}: poll {poll} was Pending, and no wake followed"))?;
    }
    let polled = task.poll();
    let expected = std::task::Poll::Ready(expected);
    holds(polled == expected, || format!("{what}: poll {} was {polled:?}, and should be {expected:?}", pending + 1))
}

/// Pending so many times, with a wake each, and then it yields: a child that does not rest on the
/// reader's steps.
fn in_polls<T: Copy>(pending: u32, output: T) -> impl Future<Output = T> {
    let mut left = pending;
    std::future::poll_fn(move |cx| match left.checked_sub(1) {
        None => std::task::Poll::Ready(output),
        Some(less) => {
            left = less;
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
}

fn counts() -> Verdict {
    [0, 1, 5]
        .into_iter()
        .try_for_each(|steps| after(&format!("a countdown of {steps}"), steps, Countdown::new(steps), ()))
}

fn yields_once() -> Verdict {
    after("yield_now", 1, yield_now(), ())
}

fn happens() -> Verdict {
    let (trigger, before) = event();
    trigger.set();
    after("an event that was set before its first poll", 0, before, ())?;
    let (trigger, event) = event();
    let mut task = Task::new(event);
    holds(task.poll().is_pending(), || "an event that nobody has set was Ready")?;
    trigger.set();
    let wakes = task.probe().woken();
    holds(wakes == 1, || format!("an event was set, and its task was woken {wakes} times"))?;
    holds(task.poll().is_ready(), || "an event was set, and the poll after the wake was Pending")
}

fn maps() -> Verdict {
    after("map(5, |n| n + 1)", 0, map(ready(5), |number| number + 1), 6)?;
    after("map of a future that is Pending once", 1, map(in_polls(1, 5), |number| format!("<{number}>")), "<5>".into())
}

fn joins() -> Verdict {
    after("join of two that are ready", 0, join(ready(1), ready("b")), (1, "b"))?;
    after("join, whose left one comes first", 2, join(in_polls(1, 1), in_polls(2, "b")), (1, "b"))?;
    after("join, whose right one comes first", 2, join(in_polls(2, 1), in_polls(1, "b")), (1, "b"))
}

fn selects() -> Verdict {
    after("select of two that are ready", 0, select(ready(1), ready("b")), Either::Left(1))?;
    after("select, whose left one comes first", 1, select(in_polls(1, 1), in_polls(2, "b")), Either::Left(1))?;
    after("select, whose right one comes first", 1, select(pending::<u32>(), in_polls(1, "b")), Either::Right("b"))
}

fn times_out() -> Verdict {
    after("timeout, whose future comes first", 1, timeout(in_polls(1, 5), in_polls(2, ())), Ok(5))?;
    after("timeout, whose limit comes first", 1, timeout(in_polls(2, 5), in_polls(1, ())), Err(Elapsed))?;
    after("timeout, whose future comes in the moment of its limit", 1, timeout(in_polls(1, 5), in_polls(1, ())), Ok(5))
}
