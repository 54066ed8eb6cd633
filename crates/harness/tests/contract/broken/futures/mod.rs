//! Futures that are broken in one place each.

use std::{
    cell::Cell,
    future::{pending, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use harness::{
    Subject,
    future::{AfterReady, Facts, Otherwise as _, Tested},
};

use super::{Fails, Sample};

mod combinators;
mod leaf;
mod with_unsafe;

use combinators::{Fault as Combined, Map, Pair, Semaphore};
use leaf::{Countdown, Delay, Fault, Signal, Wait, signal};
use with_unsafe::{DropsTwice, Moves};

const SAMPLE: Sample = Sample {
    heavy: &[],
    slow: &[
        ("forgets-its-waker", &["A2", "A3", "A5", "A10", "A11"]),
        ("channel-forgets-its-waker", &["A2", "A3", "A5", "A10", "A11"]),
        ("hides-the-waker", &["A2", "A3", "A5", "A10", "A11"]),
        ("keeps-the-first-waker", &["A5"]),
        ("forgets-who-comes-back", &["A2"]),
        ("hears-only-what-it-waits-for", &["A3"]),
        ("wakes-itself", &["A10"]),
        ("locks-while-waking", &["A10"]),
        ("locks-while-dropping", &["A10"]),
        ("locks-in-its-drop", &["A10"]),
        ("hopes-for-a-moment", &["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A9", "A10", "A11"]),
        ("counts-without-waking", &["A2"]),
        ("countdown-wakes-the-first-waker", &["A2"]),
        ("delay-wakes-the-first-waker", &["A2"]),
        ("delay-sleeps-in-poll", &["A1", "A2", "A4", "A6", "A7"]),
        ("keeps-its-place", &["A8"]),
    ],
};

const NEVER_WOKEN: Fails = &[
    ("A1", "it returns `Pending` and keeps no waker"),
    ("A2", "the last waker is not woken either"),
    ("A3", "its event wakes nobody"),
    ("A11", "after a panic in a clone, its event wakes nobody"),
];

const PANICS_AT_THE_SECOND_POLL: Fails = &[
    ("A1", "it panics at the poll before its event"),
    ("A2", "it panics at the poll with another waker"),
    ("A4", "it panics at a spurious poll"),
    ("A5", "it panics while it waits"),
    ("A10", "it panics when its waker is replaced"),
    ("A11", "it panics at the poll after a panic in a clone"),
];

/// Futures that wait for a signal.
const WAITS: [(Fault, &str, Fails); 21] = [
    (Fault::None, "wait-nothing-wrong", &[]),
    (Fault::ForgetsItsWaker, "forgets-its-waker", NEVER_WOKEN),
    (
        Fault::KeepsTheFirstWaker,
        "keeps-the-first-waker",
        &[("A2", "it drops the waker of the last poll"), ("A5", "it wakes a waker that was replaced")],
    ),
    (
        Fault::ForgetsWhoComesBack,
        "forgets-who-comes-back",
        &[("A2", "it takes the first waker for the one it keeps, although another came between")],
    ),
    (
        Fault::LooksThenRegisters,
        "looks-then-registers",
        &[("A3", "an event between the look and the registration is lost")],
    ),
    (
        Fault::HearsOnlyWhatItWaitsFor,
        "hears-only-what-it-waits-for",
        &[("A3", "an event before the first poll is lost")],
    ),
    (Fault::ReadyAtTheSecondPoll, "ready-at-the-second-poll", &[("A4", "it takes a spurious poll for its event")]),
    (Fault::PanicsAtTheSecondPoll, "panics-at-the-second-poll", PANICS_AT_THE_SECOND_POLL),
    (
        Fault::KeepsEveryWaker,
        "keeps-every-waker",
        &[("A4", "each poll leaves a waker behind"), ("A5", "its event wakes all of them")],
    ),
    (Fault::WakesItself, "wakes-itself", &[("A5", "it wakes itself in each poll, and never waits")]),
    (
        Fault::PanicsAfterReady,
        "panics-after-ready",
        &[("A6", "it declares that a poll after `Ready` returns `Pending`")],
    ),
    (Fault::NeverTerminated, "never-terminated", &[("A6", "it is done, and `is_terminated` is false")]),
    (Fault::TerminatedTooEarly, "terminated-too-early", &[("A6", "it waits, and `is_terminated` is true")]),
    (Fault::KeepsItsWakerWhenDropped, "keeps-its-waker-when-dropped", &[("A7", "the signal still holds its waker")]),
    (Fault::ExpectsTheDropped, "expects-the-dropped", &[("A7", "the signal panics if nobody waits")]),
    (Fault::BegunWhenMade, "begun-when-made", &[("A9", "its work begins before its first poll")]),
    (Fault::LocksWhileCloning, "locks-while-cloning", &[("A10", "it clones a waker under its lock")]),
    (Fault::LocksWhileWaking, "locks-while-waking", &[("A10", "it wakes under its lock")]),
    (Fault::LocksWhileDropping, "locks-while-dropping", &[("A10", "it drops the replaced waker under its lock")]),
    (Fault::LocksInItsDrop, "locks-in-its-drop", &[("A10", "its drop drops the waker under its lock")]),
    (
        Fault::StuckAfterPanic,
        "stuck-after-panic",
        &[("A11", "only the end of the clone takes back its mark `registering`")],
    ),
];

const HOPES: (Fault, &str, Fails) = (
    Fault::HopesForAMoment,
    "hopes-for-a-moment",
    &[("A14", "its first poll blocks until its event, for two seconds at most")],
);

/// Futures that become ready by themselves.
const COUNTDOWNS: [(Fault, &str, Fails); 3] = [
    (Fault::None, "countdown-nothing-wrong", &[]),
    (
        Fault::CountsWithoutWaking,
        "counts-without-waking",
        &[("A1", "it returns `Pending` and wakes nobody"), ("A2", "the last waker is not woken either")],
    ),
    (
        Fault::KeepsTheFirstWaker,
        "countdown-wakes-the-first-waker",
        &[("A2", "the waker of the last poll is not woken")],
    ),
];

const DELAYS: [(Fault, &str, Fails); 3] = [
    (Fault::None, "delay-nothing-wrong", &[]),
    (
        Fault::KeepsTheFirstWaker,
        "delay-wakes-the-first-waker",
        &[("A2", "its thread wakes the waker of the first poll")],
    ),
    (Fault::SleepsInPoll, "delay-sleeps-in-poll", &[("A14", "its first poll sleeps")]),
];

const MAPS: [(Combined, &str, Fails); 5] = [
    (Combined::None, "map-nothing-wrong", &[]),
    (Combined::HidesTheWaker, "hides-the-waker", NEVER_WOKEN),
    (
        Combined::PollsWhenMade,
        "polls-when-made",
        &[("A9", "it polls its child before its own first poll"), ("A12", "its child panics before the first poll")],
    ),
    (
        Combined::ForgetsAfterPanic,
        "forgets-after-panic",
        &[("A11", "it has no child after a panic"), ("A12", "a child that panicked is never dropped")],
    ),
    (Combined::WideFrames, "wide-frames", &[("A16", "each level takes eight kilobytes of stack")]),
];

const SEMAPHORES: [(Combined, &str, Fails); 4] = [
    (Combined::None, "semaphore-nothing-wrong", &[]),
    (
        Combined::KeepsThePermit,
        "keeps-the-permit",
        &[("A8", "a waiter that is dropped after its wake does not wake the next one")],
    ),
    (
        Combined::KeepsItsPlace,
        "keeps-its-place",
        &[("A7", "its waker stays in the queue"), ("A8", "the permit goes to its abandoned place in the queue")],
    ),
    (Combined::QueuesWhenMade, "queues-when-made", &[("A9", "a waiter that is never polled holds up the queue")]),
];

pub fn subjects() -> Vec<Subject<Tested>> {
    let mut subjects = unwritten();
    let mut add = |name, tested, fails| subjects.push(Subject::new(name, tested).fails(fails));
    for (fault, name, fails) in WAITS.into_iter().chain([HOPES]) {
        add(name, waits(fault), fails);
    }
    add("channel-nothing-wrong", hears_the_end(Fault::None), &[]);
    add("channel-forgets-its-waker", hears_the_end(Fault::ForgetsItsWaker), NEVER_WOKEN);
    for (fault, name, fails) in COUNTDOWNS {
        add(name, Tested::completes(move || Countdown::new(fault)).after_ready(AfterReady::Ready), fails);
    }
    for (fault, name, fails) in DELAYS {
        add(name, Tested::completes(move || Delay::new(fault)).after_ready(AfterReady::Ready), fails);
    }
    for (fault, name, fails) in MAPS {
        let map = Tested::wraps(move |child| Map::new(fault, child, |n| n + 1));
        add(name, map.after_ready(AfterReady::Panics).depth(DEPTH), fails);
    }
    for (fault, name, fails) in SEMAPHORES {
        let permits = Tested::permits(move || {
            let semaphore = Semaphore::default();
            (semaphore.acquire(fault), semaphore.acquire(fault), move || semaphore.release())
        });
        add(name, permits.after_ready(AfterReady::Panics), fails);
    }
    add("pending-nothing-wrong", Tested::inert(pending::<()>), &[]);
    add("is-not-inert", Tested::inert(|| std::future::ready(())), &[("A4", "it is declared inert, and it is ready")]);
    add("join-nothing-wrong", Tested::joins(|a, b| Pair::join(Combined::None, a, b)), &[]);
    add("select-nothing-wrong", Tested::selects(|a, b| Pair::select(Combined::None, a, b)), &[]);
    let sequence = Tested::joins(|a, b| Pair::join(Combined::OneAfterTheOther, a, b));
    add("one-after-the-other", sequence, &[("A15", "the second child is not polled until the first is ready")]);
    add("moves-its-child", Tested::wraps(Moves::new), &[("A13", "it moves its child into a new box after each poll")]);
    let twice = Tested::wraps(DropsTwice::new);
    add("drops-its-child-twice", twice, &[("A12", "it drops its child when that panics, and again in its own drop")]);
    let held = Tested::completes(|| HoldsAnRc(Rc::default())).bound("HoldsAnRc: Send", Facts::<HoldsAnRc>::SEND, true);
    add("holds-an-rc", held, &[("A17", "it holds an `Rc`")]);
    SAMPLE.of(subjects)
}

/// Exercises that nobody has begun. Each check must report that, even a check that catches panics
/// or polls on another thread.
fn unwritten() -> Vec<Subject<Tested>> {
    let unwritten = |name, tested| Subject { unwritten: true, ..Subject::new(name, tested) };
    let poll = || poll_fn(|_| -> Poll<u32> { todo!("step 1: poll it") });
    vec![
        unwritten("unwritten-wait", Tested::waits(move || (poll(), || ()))),
        unwritten("unwritten-event", Tested::waits(|| (pending::<()>(), || todo!("step 2: let it happen"))))
            .only(&["A2", "A3", "A4", "A6", "A7"]),
        unwritten("unwritten-countdown", Tested::completes(poll)),
        unwritten("unwritten-map", Tested::wraps(move |_| poll()).depth(2)),
        unwritten("unwritten-join", Tested::joins(move |_, _| poll())),
        unwritten("unwritten-permit", Tested::permits(move || (poll(), poll(), || ()))),
    ]
}

/// This many nested maps need less than half of a stack of 2 MiB.
const DEPTH: usize = 500;

/// A future whose event is a drop, like a receiver whose sender is dropped: a check that drops the
/// event fires it.
fn hears_the_end(fault: Fault) -> Tested {
    struct Sender(Option<Signal>);
    impl Drop for Sender {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(Signal::give);
        }
    }
    Tested::waits(move || {
        let (wait, signal) = signal(fault);
        let sender = Sender(Some(signal));
        (wait, move || drop(sender))
    })
}

fn waits(fault: Fault) -> Tested {
    let make = move || {
        let (wait, signal) = signal(fault);
        (wait, move || signal.give())
    };
    let lazy = move || {
        let (wait, signal) = signal(fault);
        (wait, move || signal.is_waited_for())
    };
    Tested::waits(make)
        .lazy(lazy)
        .after_ready(AfterReady::Pending)
        .is_terminated(Wait::is_terminated)
        .bound("Wait: Send", Facts::<Wait>::SEND, true)
        .bound("Wait: Sync", Facts::<Wait>::SYNC, true)
}

/// Ready at once. It is not `Send`, although nothing requires that.
struct HoldsAnRc(Rc<Cell<u32>>);

impl Future for HoldsAnRc {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(self.0.get())
    }
}
