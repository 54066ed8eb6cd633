//! Futures that are wrong in one place each, with the exact list of checks that each fails. A check
//! that none of them fails would not count.

use std::{
    cell::Cell,
    future::{pending, poll_fn},
    pin::Pin,
    process::ExitCode,
    rc::Rc,
    task::{Context, Poll},
};

use harness::{
    Subject,
    future::{AfterReady, CHECKS, Facts, Otherwise as _, Tested},
};

#[path = "broken/combinators.rs"]
mod combinators;
#[path = "broken/futures.rs"]
mod futures;
#[path = "broken/with_unsafe.rs"]
mod with_unsafe;

use combinators::{Fault as Combined, Map, Pair, Semaphore};
use futures::{Countdown, Delay, Fault, Signal, Wait, signal};
use with_unsafe::{DropsTwice, Moves};

/// Checks and reasons.
type Fails = &'static [(&'static str, &'static str)];

const NEVER_WOKEN: Fails = &[
    ("A1", "it is pending, and nobody has its waker"),
    ("A2", "so no waker is woken, the last one neither"),
    ("A3", "nor is it after its event"),
    ("A11", "nor is it after a panic in a clone"),
];

const PANICS_AT_THE_SECOND_POLL: Fails = &[
    ("A1", "it takes any poll but the first for its event"),
    ("A2", "so does it when the second has another waker"),
    ("A4", "and when nobody has woken it"),
    ("A5", "and when it is looked at while it waits"),
    ("A10", "and when its waker is replaced"),
    ("A11", "and after a panic in a clone"),
];

/// A future that waits for a signal.
const WAITS: [(Fault, &str, Fails); 21] = [
    (Fault::None, "wait-nothing-wrong", &[]),
    (Fault::ForgetsItsWaker, "forgets-its-waker", NEVER_WOKEN),
    (
        Fault::KeepsTheFirstWaker,
        "keeps-the-first-waker",
        &[("A2", "that of the last poll is dropped"), ("A5", "and the one that is woken was replaced long ago")],
    ),
    (
        Fault::ForgetsWhoComesBack,
        "forgets-who-comes-back",
        &[("A2", "it takes the first waker for the one it keeps, although there was another since")],
    ),
    (Fault::LooksThenRegisters, "looks-then-registers", &[("A3", "an event between the two is lost")]),
    (
        Fault::HearsOnlyWhatItWaitsFor,
        "hears-only-what-it-waits-for",
        &[("A3", "an event before the first poll is lost")],
    ),
    (Fault::ReadyAtTheSecondPoll, "ready-at-the-second-poll", &[("A4", "it takes any poll for its event")]),
    (Fault::PanicsAtTheSecondPoll, "panics-at-the-second-poll", PANICS_AT_THE_SECOND_POLL),
    (
        Fault::KeepsEveryWaker,
        "keeps-every-waker",
        &[("A4", "each poll leaves one behind"), ("A5", "and its event wakes all of them")],
    ),
    (Fault::WakesItself, "wakes-itself", &[("A5", "it asks to be polled again and again, and never waits")]),
    (Fault::PanicsAfterReady, "panics-after-ready", &[("A6", "it declares that it is pending then")]),
    (Fault::NeverTerminated, "never-terminated", &[("A6", "it is done, and says that it is not")]),
    (Fault::TerminatedTooEarly, "terminated-too-early", &[("A6", "it says that it is done while it waits")]),
    (Fault::KeepsItsWakerWhenDropped, "keeps-its-waker-when-dropped", &[("A7", "the signal keeps the task alive")]),
    (Fault::ExpectsTheDropped, "expects-the-dropped", &[("A7", "the signal panics if nobody waits any more")]),
    (Fault::BegunWhenMade, "begun-when-made", &[("A9", "it begins before anybody polls it")]),
    (Fault::LocksWhileCloning, "locks-while-cloning", &[("A10", "a waker's clone runs under the lock")]),
    (Fault::LocksWhileWaking, "locks-while-waking", &[("A10", "the wake runs under the lock")]),
    (
        Fault::LocksWhileDropping,
        "locks-while-dropping",
        &[("A10", "the drop of the replaced waker runs under the lock")],
    ),
    (Fault::LocksInItsDrop, "locks-in-its-drop", &[("A10", "its own drop drops the waker under the lock")]),
    (Fault::StuckAfterPanic, "stuck-after-panic", &[("A11", "a mark that only the end of the clone takes back")]),
];

const HOPES: (Fault, &str, Fails) =
    (Fault::HopesForAMoment, "hopes-for-a-moment", &[("A14", "its first poll waits for the event for a while")]);

/// Futures that become ready by themselves.
const COUNTDOWNS: [(Fault, &str, Fails); 3] = [
    (Fault::None, "countdown-nothing-wrong", &[]),
    (
        Fault::CountsWithoutWaking,
        "counts-without-waking",
        &[("A1", "it counts, and asks nobody to poll it again"), ("A2", "so the last waker is not woken either")],
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
        &[("A2", "its thread knows only the waker of the first poll")],
    ),
    (Fault::SleepsInPoll, "delay-sleeps-in-poll", &[("A14", "the thread that polls it sleeps")]),
];

const MAPS: [(Combined, &str, Fails); 5] = [
    (Combined::None, "map-nothing-wrong", &[]),
    (Combined::HidesTheWaker, "hides-the-waker", NEVER_WOKEN),
    (
        Combined::PollsWhenMade,
        "polls-when-made",
        &[("A9", "its child is polled before it is"), ("A12", "and panics where nobody expects it")],
    ),
    (
        Combined::ForgetsAfterPanic,
        "forgets-after-panic",
        &[("A11", "its child is gone after a panic"), ("A12", "and is never dropped")],
    ),
    (Combined::WideFrames, "wide-frames", &[("A16", "each level takes eight kilobytes of the stack")]),
];

const SEMAPHORES: [(Combined, &str, Fails); 4] = [
    (Combined::None, "semaphore-nothing-wrong", &[]),
    (Combined::KeepsThePermit, "keeps-the-permit", &[("A8", "whoever is dropped after its wake wakes nobody else")]),
    (
        Combined::KeepsItsPlace,
        "keeps-its-place",
        &[("A7", "its waker stays in the queue"), ("A8", "and the permit goes to a place where nobody is")],
    ),
    (Combined::QueuesWhenMade, "queues-when-made", &[("A9", "whoever is never polled holds up the queue")]),
];

fn main() -> ExitCode {
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
    add("is-not-inert", Tested::inert(|| std::future::ready(())), &[("A4", "it is declared inert, and is ready")]);
    add("join-nothing-wrong", Tested::joins(|a, b| Pair::join(Combined::None, a, b)), &[]);
    add("select-nothing-wrong", Tested::selects(|a, b| Pair::select(Combined::None, a, b)), &[]);
    let sequence = Tested::joins(|a, b| Pair::join(Combined::OneAfterTheOther, a, b));
    add("one-after-the-other", sequence, &[("A15", "the second child is not polled until the first is ready")]);
    add("moves-its-child", Tested::wraps(Moves::new), &[("A13", "it puts its child into a new box after each poll")]);
    let twice = Tested::wraps(DropsTwice::new);
    add("drops-its-child-twice", twice, &[("A12", "once when it panics, and once with itself")]);
    let held = Tested::completes(|| HoldsAnRc(Rc::default())).bound("HoldsAnRc: Send", Facts::<HoldsAnRc>::SEND, true);
    add("holds-an-rc", held, &[("A17", "an `Rc` in it is enough")]);

    let failed = |id| subjects.iter().any(|subject| subject.fails.iter().any(|(failed, _)| *failed == id));
    let unfailed = CHECKS.iter().find(|check| !failed(check.id));
    assert!(unfailed.is_none_or(|check| panic!("no broken future fails {}", check.id)));
    harness::main(&CHECKS, subjects)
}

/// An exercise that nobody has begun is no broken future, whatever a check catches or does on
/// another thread.
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

/// So many maps in each other need less than half of the stack of 2 MiB.
const DEPTH: usize = 500;

/// A future whose event is the end of whoever could make it ready, as with a channel whose sender
/// is dropped: a check that lets go of the event has already fired it.
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

/// Ready at once, and bound to its thread without need.
struct HoldsAnRc(Rc<Cell<u32>>);

impl Future for HoldsAnRc {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
        Poll::Ready(self.0.get())
    }
}
