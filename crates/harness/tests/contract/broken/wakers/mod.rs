//! Wakers that are broken in one place each: alone, and handed out by an executor.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread::{self, Thread},
};

use harness::{
    Subject, Work,
    waker::{Target, Tested},
};

use super::{Fails, Sample};

mod queue;
mod raw;

use queue::{Fault as Queued, Queue};
use raw::{Fault, Wakee};

const SAMPLE: Sample = Sample {
    // A chain of 100,000 tasks.
    heavy: &["B15"],
    slow: &[
        ("inert-wake-does-not-release", &["B1"]),
        ("polls-after-the-end", &["B9", "B14"]),
        ("outlives-itself", &["B7", "B8", "B15"]),
        ("polls-inside-wake", &["B7", "B13", "B15"]),
        ("drops-inside-wake", &["B15"]),
        ("locks-while-polling", &["B9"]),
        ("locks-while-dropping", &["B7", "B9"]),
        ("forgets-wakes-inside-poll", &["B6", "B10", "B11"]),
        ("queue-clone-does-not-retain", &["B15"]),
        ("queue-wake-does-not-release", &["B1", "B14"]),
        ("queue-one-for-all", &["B3", "B14", "B15"]),
        ("queue-wakes-only-at-home", &["B5", "B7", "B10", "B13"]),
        ("unwritten-block-on", &["B1", "B3", "B4", "B5", "B6", "B9", "B10", "B11"]),
    ],
};

/// Wakers alone.
const ALONE: [(Fault, &str, Fails); 13] = [
    (Fault::None, "alone-nothing-wrong", &[]),
    (
        Fault::CloneDoesNotRetain,
        "clone-does-not-retain",
        &[
            ("B1", "the drop of one of two wakers frees what the other needs"),
            ("B5", "the second use on another thread finds nothing"),
        ],
    ),
    (
        Fault::DropsTwice,
        "drops-twice",
        &[
            ("B1", "the drop of one of two wakers frees what the other needs"),
            ("B5", "the second use on another thread finds nothing"),
        ],
    ),
    (Fault::WakeDoesNotRelease, "wake-does-not-release", &[("B1", "a wake by value never releases")]),
    (Fault::WakeKeepsInAPanic, "wake-keeps-in-a-panic", &[("B1", "a wake by value that panics does not release")]),
    (
        Fault::ByRefConsumes,
        "by-ref-consumes",
        &[
            ("B2", "`wake_by_ref` releases what the caller still uses"),
            ("B5", "the second use on another thread finds nothing"),
        ],
    ),
    (Fault::ByRefConsumesInAPanic, "by-ref-consumes-in-a-panic", &[("B2", "a `wake_by_ref` that panics releases")]),
    (Fault::LostInAPanic, "lost-in-a-panic", &[("B2", "only the end of a wake takes back its mark")]),
    (Fault::CloneIsOfAnother, "clone-is-of-another", &[("B3", "a clone wakes the target of the newest waker")]),
    (Fault::OneForAll, "one-for-all", &[("B3", "every waker wakes the newest target")]),
    (
        Fault::CloneHasAnotherTable,
        "clone-has-another-table",
        &[("B4", "a clone has a vtable of its own, with the same functions")],
    ),
    (Fault::WakesOnlyAtHome, "wakes-only-at-home", &[("B5", "a wake from another thread is ignored")]),
    (Fault::EndsWithItsThread, "ends-with-its-thread", &[("B5", "the end of the thread that made it frees it")]),
];

const COUNTS: Fails = &[("B1", "it does not count its clones"), ("B5", "it is freed before its last use")];
const KEPT: Fails = &[("B1", "a wake by value never releases")];
const CONSUMED: Fails = &[("B2", "it is freed before its second use"), ("B5", "so it is on another thread")];

/// Executors.
const QUEUES: [(Queued, &str, Fails); 17] = [
    (Queued::None, "queue-nothing-wrong", &[]),
    (
        Queued::PollsAfterTheEnd,
        "polls-after-the-end",
        &[("B6", "it does not note that a task has ended"), ("B14", "it keeps the future of an ended task")],
    ),
    (
        Queued::TouchesTheDropped,
        "touches-the-dropped",
        &[
            ("B5", "a wake uses the executor after its thread has dropped it"),
            ("B7", "a wake uses the executor after its drop"),
            ("B8", "the wake of a last waker does so too"),
        ],
    ),
    (
        Queued::PublishesThenTouches,
        "publishes-then-touches",
        &[("B7", "a wake uses the executor after the task is in the queue, when the executor may be dropped")],
    ),
    (
        Queued::OwnsNothing,
        "owns-nothing",
        &[("B15", "the drop of a task drops the last waker of the next task, which nests the drops")],
    ),
    (
        Queued::OutlivesItself,
        "outlives-itself",
        &[
            ("B7", "a task that is woken after the drop lies in a queue that it keeps alive"),
            ("B8", "so does a task that is woken by its last waker"),
            ("B15", "tasks are owned by their wakers alone, so their drops nest"),
        ],
    ),
    (
        Queued::TouchesTheRefused,
        "touches-the-refused",
        &[
            ("B5", "a wake uses the task that it has freed, when the executor is dropped"),
            ("B8", "a wake uses the task that no queue took and that it has freed"),
        ],
    ),
    (
        Queued::PollsInsideWake,
        "polls-inside-wake",
        &[("B9", "a wake polls the task"), ("B15", "each poll wakes the next task, so the polls nest")],
    ),
    (
        Queued::DropsInsideWake,
        "drops-inside-wake",
        &[
            ("B9", "a wake during the drop of the executor drops the task"),
            ("B15", "each drop wakes the next task, so the drops nest"),
        ],
    ),
    (Queued::LocksWhilePolling, "locks-while-polling", &[("B9", "a wake acquires a lock that is held during a poll")]),
    (
        Queued::LocksWhileDropping,
        "locks-while-dropping",
        &[("B7", "a wake waits until the executor is dropped"), ("B9", "a wake waits while a future is dropped")],
    ),
    (
        Queued::ForgetsWakesInsidePoll,
        "forgets-wakes-inside-poll",
        &[("B10", "the end of a poll clears the mark of a wake that came during the poll")],
    ),
    (
        Queued::ForgetsOthersInsidePoll,
        "forgets-others-inside-poll",
        &[("B10", "a wake from another thread during a poll is ignored")],
    ),
    (Queued::QueuesEveryWake, "queues-every-wake", &[("B11", "each wake makes an entry")]),
    (
        Queued::QueuesEveryWakeInsidePoll,
        "queues-every-wake-inside-poll",
        &[("B11", "each wake during a poll makes an entry")],
    ),
    (
        Queued::StrandedByAnOverlap,
        "stranded-by-an-overlap",
        &[("B13", "the second wake relies on the first, which queued the task before its last poll")],
    ),
    (
        Queued::KeepsTheJoinWaker,
        "keeps-the-join-waker",
        &[("B14", "a task keeps the join waker for as long as it lives")],
    ),
];

/// Every check keeps a clone of a waker.
const EVERYBODY_CLONES: Fails = &[
    ("B1", "the drop of one of two wakers frees what the other needs"),
    ("B2", "the executor drops its waker after the poll, which frees the clone"),
    ("B3", "the same"),
    ("B5", "the same"),
    ("B6", "the same"),
    ("B7", "the same"),
    ("B8", "the same"),
    ("B9", "the same"),
    ("B10", "the same"),
    ("B11", "the same"),
    ("B13", "the same"),
    ("B14", "the same"),
    ("B15", "the same"),
];

const MANY_WAKE_BY_REF: Fails = &[
    ("B2", "`wake_by_ref` releases what the caller still uses"),
    ("B5", "the same on another thread"),
    ("B6", "the same after the end of the task"),
    ("B7", "the same after the drop of the executor"),
    ("B9", "the same inside a poll"),
    ("B10", "the same when a task wakes itself"),
    ("B11", "the second of many wakes finds nothing"),
    ("B13", "the third wake finds nothing"),
    ("B14", "the task that joins is woken by reference, which frees it"),
];

/// The executor with nothing wrong, which hands out broken wakers.
const HANDED_OUT: [(Fault, &str, Fails); 6] = [
    (Fault::CloneDoesNotRetain, "queue-clone-does-not-retain", EVERYBODY_CLONES),
    (
        Fault::WakeDoesNotRelease,
        "queue-wake-does-not-release",
        &[("B1", "a wake by value never releases"), ("B14", "a ring of such tasks is never freed either")],
    ),
    (Fault::ByRefConsumes, "queue-by-ref-consumes", MANY_WAKE_BY_REF),
    (
        Fault::OneForAll,
        "queue-one-for-all",
        &[
            ("B3", "every waker wakes the newest task"),
            ("B14", "a task that waits for another is not woken"),
            ("B15", "the next task of a chain is not woken"),
        ],
    ),
    (
        Fault::CloneHasAnotherTable,
        "queue-clone-has-another-table",
        &[("B4", "a clone has a vtable of its own, with the same functions")],
    ),
    (
        Fault::WakesOnlyAtHome,
        "queue-wakes-only-at-home",
        &[("B5", "a wake from another thread is ignored"), ("B10", "so is one that comes during a poll")],
    ),
];

pub fn subjects() -> Vec<Subject<Tested>> {
    let mut subjects = Vec::new();
    let mut add = |name, tested, fails| subjects.push(Subject::new(name, tested).fails(fails));
    for (fault, name, fails) in ALONE {
        add(name, Tested::calls(move |target| raw::waker(fault, Arc::new(Called(target))).0), fails);
    }
    add("counts-nothing-wrong", counting(Fault::None), &[]);
    add("counts-clone-does-not-retain", counting(Fault::CloneDoesNotRetain), COUNTS);
    add("inert-nothing-wrong", Tested::inert(|| Waker::noop().clone()), &[]);
    add("inert-wake-does-not-release", inert(Fault::WakeDoesNotRelease), KEPT);
    add("inert-by-ref-consumes", inert(Fault::ByRefConsumes), CONSUMED);
    add("block-on-nothing-wrong", Tested::block_on(block_on), &[]);
    for (fault, name, fails) in QUEUES {
        let queue = Tested::executor(move || Queue::new(fault, Fault::None));
        add(name, queue.model("B12", finds_nothing), fails);
    }
    for (fault, name, fails) in HANDED_OUT {
        add(name, Tested::executor(move || Queue::new(Queued::None, fault)), fails);
    }
    let queue = Tested::executor(|| Queue::new(Queued::None, Fault::None));
    add("wrong-model-of-b12", queue.model("B12", finds_a_lost_event), &[("B12", "its model fails")]);
    subjects.extend(models());
    subjects.extend(unwritten());
    SAMPLE.of(subjects)
}

/// Subjects that bring a model of their own atomics. A model that fails is a failure of its check,
/// also where the check can judge nothing else.
///
/// These models are stand-ins. A model for loom is in `tests/models`.
fn models() -> Vec<Subject<Tested>> {
    let with = |id, model| Tested::block_on(block_on).model(id, model);
    let wrong = |name, id, fails: Fails| {
        Subject::new(name, with(id, finds_a_lost_event)).fails(fails).only(&["B5", "B7", "B13"])
    };
    let right = with("B5", finds_nothing).model("B7", finds_nothing).model("B13", finds_nothing);
    vec![
        wrong("wrong-model-of-b5", "B5", &[("B5", "its model fails")]),
        wrong("wrong-model-of-b7", "B7", &[("B7", "its model fails")]),
        wrong("wrong-model-of-b13", "B13", &[("B13", "its model fails")]),
        Subject::new("right-models-nothing-wrong", right),
    ]
}

fn finds_nothing() {}

fn finds_a_lost_event() {
    panic!("the event happened before a wake, and the last poll missed it");
}

/// Exercises that nobody has begun. Each check must report that, even where the `todo!()` is in a
/// drop.
fn unwritten() -> Vec<Subject<Tested>> {
    let unwritten = |name, tested| Subject { unwritten: true, ..Subject::new(name, tested) };
    let calls = |target| raw::waker(Fault::Unwritten, Arc::new(Called(target))).0;
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

/// Calls the check's target.
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
        let (waker, id) = raw::waker(fault, Arc::<Counted>::clone(&counted));
        (waker, move || counted.0.load(SeqCst), move || raw::count(id))
    })
}

fn inert(fault: Fault) -> Tested {
    Tested::inert(move || raw::waker(fault, Arc::<Counted>::default()).0)
}

/// Parks the thread until its future is ready.
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
