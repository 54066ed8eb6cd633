//! What the exercise and its solution share: which checks belong to which step, and how these reach
//! the reader's file.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use harness::{
    Check, Level, Stop, Subject, Verdict, future, holds,
    probe::{Task, WakerProbe, canary},
    waker,
};

use crate::exercise::{Counter, Event, HungUp, OnWake, Place, counting_waker, oneshot};

/// What a step is judged by: a part of the contract, and what is the exercise's own.
pub struct Step {
    tested: Tested,
    does: fn() -> Verdict,
}

enum Tested {
    Waker(waker::Tested),
    Future(future::Tested),
    Own,
}

/// Every step, with its checks.
pub fn all() -> Vec<Subject<Step>> {
    const WAKER: &[&str] = &["B1", "B2", "B3", "B4", "B5"];
    const EVENT: &[&str] = &["A1", "A2", "A3", "A4", "A5", "A10", "A11", "V1"];
    // (Not A1 where an end that goes is an event: what drops the event may have it happen.)
    const WAITS: &[&str] = &["A2", "A3", "A4", "A5", "A10", "A11", "V1"];
    let step = |name, tested, does, only| Subject::new(name, Step { tested, does }).only(only);
    let nothing: fn() -> Verdict = || Ok(());
    vec![
        step("step-1", Tested::Own, is_kept, &["V1"]),
        step("step-2", Tested::Waker(counts()), nothing, WAKER),
        step(
            "step-3",
            Tested::Waker(waker::Tested::calls(|target| Waker::from(Arc::new(OnWake(move || target.woken()))))),
            nothing,
            // What std's `Wake` does for every waker by itself, B4, says nothing of the reader's.
            &["B1", "B2", "B3", "B5"],
        ),
        step("step-4", Tested::Own, has_one_place, &["V1"]),
        step("step-5", Tested::Future(waits_for_event()), happens, EVENT),
        step("step-6", Tested::Future(receives()), arrives, WAITS),
        step("step-7", Tested::Future(is_left()), hangs_up, &["A2", "A3", "V1"]),
        step("step-8", Tested::Future(receives()), is_given_back, &["A7", "V1"]),
    ]
}

/// The contract's checks that the steps ask for, and one that is the exercise's own.
pub static CHECKS: [Check<Step>; 14] = [
    of_waker::<0>(),
    of_waker::<1>(),
    of_waker::<2>(),
    of_waker::<3>(),
    of_waker::<4>(),
    of_future::<0>(),
    of_future::<1>(),
    of_future::<2>(),
    of_future::<3>(),
    of_future::<4>(),
    of_future::<6>(),
    of_future::<9>(),
    of_future::<10>(),
    Check {
        id: "V1",
        level: Level::Must,
        must: "it does what it says that it does",
        why: "it may keep every rule of waiting and waking, and still answer wrong",
        source: "https://doc.rust-lang.org/std/task/index.html",
        deadline: Duration::from_secs(60),
        run: |step: &Step| (step.does)(),
    },
];

const fn of_waker<const NUMBER: usize>() -> Check<Step> {
    let Check { id, level, must, why, source, deadline, .. } = waker::CHECKS[NUMBER];
    let run = |step: &Step| match &step.tested {
        Tested::Waker(tested) => (waker::CHECKS[NUMBER].run)(tested),
        _ => Err(Stop::NotApplicable("this step is no waker".into())),
    };
    Check { id, level, must, why, source, deadline, run }
}

const fn of_future<const NUMBER: usize>() -> Check<Step> {
    let Check { id, level, must, why, source, deadline, .. } = future::CHECKS[NUMBER];
    let run = |step: &Step| match &step.tested {
        Tested::Future(tested) => (future::CHECKS[NUMBER].run)(tested),
        _ => Err(Stop::NotApplicable("this step is no future".into())),
    };
    Check { id, level, must, why, source, deadline, run }
}

fn counts() -> waker::Tested {
    waker::Tested::counts(|| {
        let counter = Arc::new(Counter::default());
        let references = Arc::downgrade(&counter);
        let waker = counting_waker(Arc::clone(&counter));
        (waker, move || counter.woken(), move || references.strong_count())
    })
}

fn waits_for_event() -> future::Tested {
    future::Tested::waits(|| {
        let event = Arc::new(Event::default());
        let there = Arc::clone(&event);
        (poll_fn(move |cx| event.poll_wait(cx)), move || there.set())
    })
}

fn receives() -> future::Tested {
    future::Tested::waits(|| {
        let (sender, receiver) = oneshot();
        (receiver, move || sender.send(5))
    })
}

fn is_left() -> future::Tested {
    future::Tested::waits(|| {
        let (sender, receiver) = oneshot::<u32>();
        (receiver, move || drop(sender))
    })
}

fn is(what: &str, found: usize, expected: usize) -> Verdict {
    holds(found == expected, || format!("{what}: should be {expected}, found: {found}"))
}

fn is_kept() -> Verdict {
    let counter = Arc::new(Counter::default());
    let waker = counting_waker(Arc::clone(&counter));
    is("references of the counter with one waker", Arc::strong_count(&counter), 2)?;
    let clone = waker.clone();
    is("references of the counter with a waker and its clone", Arc::strong_count(&counter), 3)?;
    drop(waker);
    is("references of the counter when one of them was dropped", Arc::strong_count(&counter), 2)?;
    drop(clone);
    is("references of the counter when both were", Arc::strong_count(&counter), 1)?;
    is("wakes of a waker that nobody woke", counter.woken(), 0)
}

fn has_one_place() -> Verdict {
    let place = Arc::new(Place::default());
    let (first, last) = (WakerProbe::new(), WakerProbe::new());
    place.wake();
    place.register(&first.waker());
    place.register(&last.waker());
    is("clones of the first waker that are alive when another was registered", first.live(), 0)?;
    place.wake();
    place.wake();
    is("wakes of the first waker", first.woken(), 0)?;
    is("wakes of the last waker", last.woken(), 1)?;
    place.register(&last.waker());
    place.clear();
    is("clones of a waker that are alive when the place was cleared", last.live(), 0)?;
    // Whoever is called while the lock is held would wait for itself.
    let again = |place: &Arc<Place>| {
        let place = Arc::clone(place);
        move || place.clear()
    };
    let stranger = WakerProbe::new().on_clone(again(&place)).on_wake(again(&place)).on_drop(again(&place));
    place.register(&stranger.waker());
    place.wake();
    place.register(&stranger.waker());
    place.clear();
    let broken = WakerProbe::new().on_clone(|| panic!("in clone"));
    let waker = broken.waker();
    let panicked = catch_unwind(AssertUnwindSafe(|| place.register(&waker))).is_err();
    holds(panicked, || "a waker's clone panicked, and register did not pass it on")?;
    place.register(&last.waker());
    place.wake();
    is("wakes of a waker that was registered after another one's clone had panicked", last.woken(), 2)
}

fn happens() -> Verdict {
    let event = Arc::new(Event::default());
    event.set();
    let set = Arc::clone(&event);
    let before = Task::new(poll_fn(move |cx| set.poll_wait(cx))).poll();
    holds(before.is_ready(), || "an event that had happened before the first poll was Pending")?;
    let event = Arc::new(Event::default());
    let there = Arc::clone(&event);
    let mut task = Task::new(poll_fn(move |cx| event.poll_wait(cx)));
    holds(task.poll().is_pending(), || "an event that nobody has set was Ready")?;
    there.set();
    is("wakes of a task that waits for an event, when that was set", task.probe().woken(), 1)?;
    holds(task.poll().is_ready(), || "an event was set, and the poll after the wake was Pending")
}

fn arrives() -> Verdict {
    let (sender, receiver) = oneshot();
    holds(sender.send(5) == Ok(()), || "send gave the value back, although the receiver was there")?;
    let polled = Task::new(receiver).poll();
    holds(polled == Poll::Ready(Ok(5)), || format!("5 was sent before the first poll, which was {polled:?}"))?;
    let (sender, receiver) = oneshot();
    let mut task = Task::new(receiver);
    holds(task.poll().is_pending(), || "nobody had sent anything, and the receiver was Ready")?;
    holds(sender.send("a").is_ok(), || "send gave the value back, although the receiver was there")?;
    is("wakes of the receiver when the value was sent", task.probe().woken(), 1)?;
    let polled = task.poll();
    holds(polled == Poll::Ready(Ok("a")), || format!("\"a\" was sent, and the poll after the wake was {polled:?}"))
}

fn hangs_up() -> Verdict {
    let (sender, receiver) = oneshot::<u32>();
    let mut task = Task::new(receiver);
    holds(task.poll().is_pending(), || "nobody had sent anything, and the receiver was Ready")?;
    drop(sender);
    is("wakes of the receiver when the sender was dropped", task.probe().woken(), 1)?;
    let polled = task.poll();
    holds(polled == Poll::Ready(Err(HungUp)), || format!("the sender had gone, and the poll was {polled:?}"))?;
    let (sender, receiver) = oneshot();
    holds(sender.send(5) == Ok(()), || "send gave the value back, although the receiver was there")?;
    let polled = Task::new(receiver).poll();
    holds(polled == Poll::Ready(Ok(5)), || format!("5 was sent and the sender gone, and the poll was {polled:?}"))
}

fn is_given_back() -> Verdict {
    let (sender, receiver) = oneshot();
    drop(receiver);
    holds(sender.send(5) == Err(5), || "the receiver had gone, and send did not give the value back")?;
    let (sender, receiver) = oneshot();
    let (value, seen) = canary();
    holds(sender.send(value).is_ok(), || "send gave the value back, although the receiver was there")?;
    drop(receiver);
    is("drops of a value that was sent and never received", seen.drops(), 1)
}
