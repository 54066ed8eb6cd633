//! Wakers that are wrong in one place each, alone and handed out by an executor, with the exact
//! list of checks that each fails. A check that none of them fails would not count.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread::{self, Thread},
};

use harness::{
    Subject, Work,
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
const ALONE: [(Fault, &str, Fails); 13] = [
    (Fault::None, "alone-nothing-wrong", &[]),
    (
        Fault::CloneDoesNotRetain,
        "clone-does-not-retain",
        &[
            ("B1", "whoever drops the first of two takes what the other needs"),
            ("B5", "so the second use of it on another thread finds nothing"),
        ],
    ),
    (
        Fault::DropsTwice,
        "drops-twice",
        &[
            ("B1", "whoever drops one of two takes what the other needs"),
            ("B5", "so the second use of it on another thread finds nothing"),
        ],
    ),
    (Fault::WakeDoesNotRelease, "wake-does-not-release", &[("B1", "what was woken by value is never freed")]),
    (
        Fault::WakeKeepsInAPanic,
        "wake-keeps-in-a-panic",
        &[("B1", "only the end of a wake by value releases, and a panic does not come there")],
    ),
    (
        Fault::ByRefConsumes,
        "by-ref-consumes",
        &[
            ("B2", "the caller still has a waker, of which nothing is left"),
            ("B5", "so the second use of it on another thread finds nothing"),
        ],
    ),
    (
        Fault::ByRefConsumesInAPanic,
        "by-ref-consumes-in-a-panic",
        &[("B2", "the way out of a panic releases what it does not own")],
    ),
    (Fault::LostInAPanic, "lost-in-a-panic", &[("B2", "a mark that only the end of the wake takes back")]),
    (Fault::CloneIsOfAnother, "clone-is-of-another", &[("B3", "a clone wakes what the newest waker wakes")]),
    (Fault::OneForAll, "one-for-all", &[("B3", "every waker wakes whoever came last")]),
    (Fault::CloneHasAnotherTable, "clone-has-another-table", &[("B4", "the same functions, at another address")]),
    (Fault::WakesOnlyAtHome, "wakes-only-at-home", &[("B5", "a wake from another thread is ignored")]),
    (
        Fault::EndsWithItsThread,
        "ends-with-its-thread",
        &[("B5", "what it points to is freed with the thread that made it")],
    ),
];

const COUNTS: Fails = &[("B1", "it does not count its clones"), ("B5", "and is gone before its last use")];
const KEPT: Fails = &[("B1", "what was woken by value is never freed")];
const CONSUMED: Fails = &[("B2", "it is gone at its second use"), ("B5", "on another thread too")];

/// Executors.
const QUEUES: [(Queued, &str, Fails); 17] = [
    (Queued::None, "queue-nothing-wrong", &[]),
    (
        Queued::PollsAfterTheEnd,
        "polls-after-the-end",
        &[("B6", "it does not note that a task has ended"), ("B14", "and keeps what its future holds")],
    ),
    (
        Queued::TouchesTheDropped,
        "touches-the-dropped",
        &[
            ("B5", "the thread that made the executor has dropped it, and a wake looks for it"),
            ("B7", "so does a wake after the drop"),
            ("B8", "and that of a last waker"),
        ],
    ),
    (
        Queued::PublishesThenTouches,
        "publishes-then-touches",
        &[("B7", "once the task is in the queue, the executor may be gone")],
    ),
    (
        Queued::OwnsNothing,
        "owns-nothing",
        &[("B15", "a task that is dropped drops the next one's last waker, inside of its own drop")],
    ),
    (
        Queued::OutlivesItself,
        "outlives-itself",
        &[
            ("B7", "woken after the drop, a task lies in a queue that it keeps itself"),
            ("B8", "so does one that is woken by its last waker"),
            ("B15", "and tasks are owned by their wakers alone"),
        ],
    ),
    (
        Queued::TouchesTheRefused,
        "touches-the-refused",
        &[
            ("B5", "the last waker is woken when its executor and thread are gone"),
            ("B8", "the task that no queue took is gone, and the wake goes on with it"),
        ],
    ),
    (
        Queued::PollsInsideWake,
        "polls-inside-wake",
        &[("B9", "the wake is a poll"), ("B15", "inside of the poll that woke, and so on")],
    ),
    (
        Queued::DropsInsideWake,
        "drops-inside-wake",
        &[
            ("B9", "while the executor is dropped, a wake drops the task"),
            ("B15", "inside of the drop that woke, and so on"),
        ],
    ),
    (Queued::LocksWhilePolling, "locks-while-polling", &[("B9", "a wake takes a lock that is held during a poll")]),
    (
        Queued::LocksWhileDropping,
        "locks-while-dropping",
        &[("B7", "a wake waits for the drop of the executor"), ("B9", "and for the drop of any future")],
    ),
    (
        Queued::ForgetsWakesInsidePoll,
        "forgets-wakes-inside-poll",
        &[("B10", "the end of a poll takes back the mark that was set during it")],
    ),
    (
        Queued::ForgetsOthersInsidePoll,
        "forgets-others-inside-poll",
        &[("B10", "only the thread that polls may set the mark")],
    ),
    (Queued::QueuesEveryWake, "queues-every-wake", &[("B11", "an entry for each")]),
    (
        Queued::QueuesEveryWakeInsidePoll,
        "queues-every-wake-inside-poll",
        &[("B11", "an entry for each that comes during a poll")],
    ),
    (
        Queued::StrandedByAnOverlap,
        "stranded-by-an-overlap",
        &[("B13", "the second wake relies on the first, which has queued the task long ago")],
    ),
    (
        Queued::KeepsTheJoinWaker,
        "keeps-the-join-waker",
        &[("B14", "the waker of whoever joined is kept as long as the task is")],
    ),
];

/// Every task whose waker is kept by somebody, and that is all of them.
const EVERYBODY_CLONES: Fails = &[
    ("B1", "whoever drops one takes what the others need"),
    ("B2", "the waker that a poll is given is dropped at its end, and its clone with it"),
    ("B3", "the same"),
    ("B5", "the same"),
    ("B6", "the same"),
    ("B7", "the same"),
    ("B8", "the same"),
    ("B9", "the same"),
    ("B10", "the same, in a poll that clones its waker to wake"),
    ("B11", "the same"),
    ("B13", "the same"),
    ("B14", "the same"),
    ("B15", "the same"),
];

const MANY_WAKE_BY_REF: Fails = &[
    ("B2", "the caller still has a waker, of which nothing is left"),
    ("B5", "on another thread too"),
    ("B6", "and after the end of the task"),
    ("B7", "and after that of the executor"),
    ("B9", "and inside a poll"),
    ("B10", "of the task itself too"),
    ("B11", "the second of many finds nothing"),
    ("B13", "the third of three finds nothing"),
    ("B14", "whoever was given a handle, and woken by reference, is gone"),
];

/// The same executor, whose wakers are wrong.
const HANDED_OUT: [(Fault, &str, Fails); 6] = [
    (Fault::CloneDoesNotRetain, "queue-clone-does-not-retain", EVERYBODY_CLONES),
    (
        Fault::WakeDoesNotRelease,
        "queue-wake-does-not-release",
        &[("B1", "what was woken by value is never freed"), ("B14", "nor is a ring of such tasks")],
    ),
    (Fault::ByRefConsumes, "queue-by-ref-consumes", MANY_WAKE_BY_REF),
    (
        Fault::OneForAll,
        "queue-one-for-all",
        &[
            ("B3", "every waker wakes whoever came last"),
            ("B14", "so tasks that wait for each other are not woken"),
            ("B15", "nor is a chain"),
        ],
    ),
    (Fault::CloneHasAnotherTable, "queue-clone-has-another-table", &[("B4", "the same functions, at another address")]),
    (
        Fault::WakesOnlyAtHome,
        "queue-wakes-only-at-home",
        &[("B5", "a wake from another thread is ignored"), ("B10", "also when it comes during a poll")],
    ),
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
    add("counts-clone-does-not-retain", counting(Fault::CloneDoesNotRetain), COUNTS);
    add("inert-nothing-wrong", Tested::inert(|| Waker::noop().clone()), &[]);
    add("inert-wake-does-not-release", inert(Fault::WakeDoesNotRelease), KEPT);
    add("inert-by-ref-consumes", inert(Fault::ByRefConsumes), CONSUMED);
    add("block-on-nothing-wrong", Tested::block_on(block_on), &[]);
    for (fault, name, fails) in QUEUES {
        let queue = Tested::executor(move || Queue::new(fault, Fault::None));
        add(name, queue.model("B12", model::writes_when_woken_already), fails);
    }
    for (fault, name, fails) in HANDED_OUT {
        add(name, Tested::executor(move || Queue::new(Queued::None, fault)), fails);
    }
    let only_looks = Tested::executor(|| Queue::new(Queued::None, Fault::None));
    add("only-looks-when-woken", only_looks.model("B12", model::only_looks_when_woken_already), ONLY_LOOKS);

    subjects.extend(unwritten());

    subjects.extend(models());

    let failed = |id| subjects.iter().any(|subject| subject.fails.iter().any(|(failed, _)| *failed == id));
    let unfailed = CHECKS.iter().find(|check| !failed(check.id));
    assert!(unfailed.is_none_or(|check| panic!("no broken waker fails {}", check.id)));
    harness::main(&CHECKS, subjects)
}

/// What a model finds is a failure of the check whose white half it is, also where nothing else can
/// be judged.
fn models() -> Vec<Subject<Tested>> {
    let with = |id, model| Tested::block_on(block_on).model(id, model);
    let wrong = |name, id, fails: Fails| {
        let tested = with(id, model::only_looks_when_woken_already);
        Subject::new(name, tested).fails(fails).only(&["B5", "B7", "B13"])
    };
    let right = with("B5", model::writes_when_woken_already).model("B7", model::writes_when_woken_already);
    vec![
        wrong("wrong-model-of-b5", "B5", &[("B5", "what it brings is wrong")]),
        wrong("wrong-model-of-b7", "B7", &[("B7", "what it brings is wrong")]),
        wrong("wrong-model-of-b13", "B13", &[("B13", "what it brings is wrong")]),
        Subject::new("right-models-nothing-wrong", right.model("B13", model::writes_when_woken_already)),
    ]
}

/// An exercise that nobody has begun is no broken waker, wherever its `todo!()` is hit: in a drop
/// too.
fn unwritten() -> Vec<Subject<Tested>> {
    let unwritten = |name, tested| Subject { unwritten: true, ..Subject::new(name, tested) };
    let calls = |target| wakers::waker(Fault::Unwritten, Arc::new(Called(target))).0;
    vec![
        unwritten("unwritten-calls", Tested::calls(calls)),
        unwritten("unwritten-calls-nothing", Tested::calls(|_| todo!("step 1: make a waker"))),
        unwritten("unwritten-counts", counting(Fault::Unwritten)),
        unwritten("unwritten-inert", inert(Fault::Unwritten)),
        unwritten("unwritten-queue", Tested::executor(|| -> Queue { todo!("step 2: make a queue") })),
        unwritten("unwritten-queue-wakers", Tested::executor(|| Queue::new(Queued::None, Fault::Unwritten))),
        unwritten("unwritten-block-on", Tested::block_on(|_| todo!("step 3: poll it"))),
    ]
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

fn inert(fault: Fault) -> Tested {
    Tested::inert(move || wakers::waker(fault, Arc::<Counted>::default()).0)
}

/// Parks its thread until its future is ready.
fn block_on(mut work: Work) {
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    while work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        thread::park();
    }
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
