//! Wakers that are wrong in one place each, alone and handed out by an executor, with the exact list of checks that each
//! fails. A check that none of them fails would not count.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use harness::{
    Subject,
    waker::{CHECKS, Target, Tested},
};

#[path = "broken/model.rs"]
mod model;
#[path = "broken/queue.rs"]
mod queue;
#[path = "broken/wakers.rs"]
mod wakers;

use queue::{Fault as Queued, Queue};
use wakers::{Fault, Wakee};

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

/// Checks and reasons.
type Fails = &'static [(&'static str, &'static str)];

/// Wakers alone.
const ALONE: [(Fault, &str, Fails); 12] = [
    (Fault::None, "alone-nothing-wrong", &[]),
    (Fault::CloneDoesNotRetain, "clone-does-not-retain", &[]),
    (Fault::DropsTwice, "drops-twice", &[]),
    (Fault::WakeDoesNotRelease, "wake-does-not-release", &[]),
    (Fault::ByRefConsumes, "by-ref-consumes", &[]),
    (Fault::ByRefConsumesInAPanic, "by-ref-consumes-in-a-panic", &[]),
    (Fault::LostInAPanic, "lost-in-a-panic", &[]),
    (Fault::CloneIsOfAnother, "clone-is-of-another", &[]),
    (Fault::OneForAll, "one-for-all", &[]),
    (Fault::CloneHasAnotherTable, "clone-has-another-table", &[]),
    (Fault::WakesOnlyAtHome, "wakes-only-at-home", &[]),
    (Fault::EndsWithItsThread, "ends-with-its-thread", &[]),
];

/// Executors.
const QUEUES: [(Queued, &str, Fails); 18] = [
    (Queued::None, "queue-nothing-wrong", &[]),
    (Queued::PollsAfterTheEnd, "polls-after-the-end", &[]),
    (Queued::TouchesTheDropped, "touches-the-dropped", &[]),
    (Queued::PublishesThenTouches, "publishes-then-touches", &[]),
    (Queued::DropsUnderTheLock, "drops-under-the-lock", &[]),
    (Queued::OwnsNothing, "owns-nothing", &[]),
    (Queued::OutlivesItself, "outlives-itself", &[]),
    (Queued::TouchesTheRefused, "touches-the-refused", &[]),
    (Queued::PollsInsideWake, "polls-inside-wake", &[]),
    (Queued::DropsInsideWake, "drops-inside-wake", &[]),
    (Queued::LocksWhilePolling, "locks-while-polling", &[]),
    (Queued::LocksWhileDropping, "locks-while-dropping", &[]),
    (Queued::ForgetsWakesInsidePoll, "forgets-wakes-inside-poll", &[]),
    (Queued::ForgetsOthersInsidePoll, "forgets-others-inside-poll", &[]),
    (Queued::QueuesEveryWake, "queues-every-wake", &[]),
    (Queued::QueuesEveryWakeInsidePoll, "queues-every-wake-inside-poll", &[]),
    (Queued::StrandedByAnOverlap, "stranded-by-an-overlap", &[]),
    (Queued::KeepsTheJoinWaker, "keeps-the-join-waker", &[]),
];

/// The same executor, whose wakers are wrong.
const HANDED_OUT: [(Fault, &str, Fails); 7] = [
    (Fault::CloneDoesNotRetain, "queue-clone-does-not-retain", &[]),
    (Fault::WakeDoesNotRelease, "queue-wake-does-not-release", &[]),
    (Fault::ByRefConsumes, "queue-by-ref-consumes", &[]),
    (Fault::OneForAll, "queue-one-for-all", &[]),
    (Fault::CloneHasAnotherTable, "queue-clone-has-another-table", &[]),
    (Fault::WakesOnlyAtHome, "queue-wakes-only-at-home", &[]),
    (Fault::EndsWithItsThread, "queue-ends-with-its-thread", &[]),
];

/// The same executor, with a model of its own atomics that is wrong.
const ONLY_LOOKS: Fails = &[("B12", "a wake that finds its task woken already releases nothing")];

fn main() -> ExitCode {
    let mut subjects = Vec::new();
    let mut add = |name, tested, fails| subjects.push(Subject::new(name, tested).fails(fails));
    for (fault, name, fails) in ALONE {
        add(name, Tested::calls(move |target| wakers::waker(fault, Arc::new(Called(target))).0), fails);
    }
    add("counts-nothing-wrong", counting(Fault::None), &[]);
    add("counts-clone-does-not-retain", counting(Fault::CloneDoesNotRetain), &[]);
    for (fault, name, fails) in QUEUES {
        let queue = Tested::executor(move || Queue::new(fault, Fault::None));
        add(name, queue.model("B12", model::writes_when_woken_already), fails);
    }
    for (fault, name, fails) in HANDED_OUT {
        add(name, Tested::executor(move || Queue::new(Queued::None, fault)), fails);
    }
    let only_looks = Tested::executor(|| Queue::new(Queued::None, Fault::None));
    add("only-looks-when-woken", only_looks.model("B12", model::only_looks_when_woken_already), ONLY_LOOKS);

    let failed = |id| subjects.iter().any(|subject| subject.fails.iter().any(|(failed, _)| *failed == id));
    let unfailed = CHECKS.iter().find(|check| !failed(check.id));
    if std::env::var_os("PROBE").is_none() { assert!(unfailed.is_none_or(|check| panic!("no broken waker fails {}", check.id))); }
    harness::main(&CHECKS, subjects)
}

/// Calls what the check gives it.
struct Called(Target);

impl Wakee for Called {
    fn wake(self: Arc<Self>) {
        self.0.woken();
    }
}

/// Counts.
#[derive(Default)]
struct Counted(AtomicUsize);

impl Wakee for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn counting(fault: Fault) -> Tested {
    Tested::counts(move || {
        let counted = Arc::<Counted>::default();
        let (waker, id) = wakers::waker(fault, Arc::<Counted>::clone(&counted));
        (waker, move || counted.0.load(SeqCst), move || wakers::count(id))
    })
}
