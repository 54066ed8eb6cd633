//! Executors that are wrong in one place each, with the exact list of checks that each fails. A
//! check that none of them fails would not count.

use std::process::ExitCode;

use harness::{
    Subject, Work,
    executor::{CHECKS, DroppedHandle, Nested, Panics, Policies, Tested},
};

#[path = "broken/executors/blocking.rs"]
mod blocking;
#[path = "broken/executors/join.rs"]
mod join;
#[path = "broken/executors/numbers.rs"]
mod numbers;
#[path = "broken/executors/one_thread.rs"]
mod one_thread;
#[path = "broken/executors/pool.rs"]
mod pool;
#[path = "broken/executors/with_unsafe.rs"]
mod with_unsafe;

use blocking::Fault as Blocks;
use one_thread::{Fault, OneThread};
use pool::{Fault as Pooled, Pool};

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

/// Checks and reasons.
type Fails = &'static [(&'static str, &'static str)];

/// What all of them declare, rightly or wrongly.
const DECLARED: Policies = Policies {
    nested: Some(Nested::Works),
    drops_before_join: Some(true),
    fairness: Some(16),
    panics: Some(Panics::Isolated),
    dropped_handle: Some(DroppedHandle::Detaches),
    owns_tasks: Some(true),
};

const ONE_THREAD: &[(Fault, &str, Fails)] = &[
    (Fault::None, "one-thread-nothing-wrong", &[]),
    (
        Fault::PollsAfterTheEnd,
        "polls-after-the-end",
        &[
            ("C4", "the drop of its future, which never comes, was to wake another one"),
            ("C6", "it does not note that a task has ended"),
            ("C11", "and keeps what was to panic"),
            ("C14", "and what was to start another one"),
            ("C16", "and every future"),
        ],
    ),
    (
        Fault::KeepsTheFuture,
        "keeps-the-future",
        &[
            ("C4", "the drop of its future, which never comes, was to wake another one"),
            ("C6", "what its future holds outlives the task"),
            ("C10", "after a panic too"),
            ("C11", "the drop that was to panic does not come"),
            ("C13", "nor does that of a local task"),
            ("C14", "nor the one that was to start another task"),
            ("C16", "each leaves its future"),
        ],
    ),
    (
        Fault::JoinsBeforeTheDrop,
        "joins-before-the-drop",
        &[("C6", "whoever joins is told before the future is dropped")],
    ),
    (Fault::WakesAll, "wakes-all", &[("C7", "a wake polls every task there is")]),
    (Fault::NewestFirst, "newest-first", &[("C8", "whoever wakes itself is always the newest")]),
    (Fault::TimersWhenIdle, "timers-when-idle", &[("C8", "with tasks that wake themselves it is never idle")]),
    (Fault::OneRound, "one-round", &[("C9", "what is woken during the round stays in the queue")]),
    (Fault::Propagates, "propagates", &[("C10", "it declares the opposite")]),
    (Fault::PoisonedByAPanic, "poisoned-by-a-panic", &[("C10", "a mark that nobody takes back")]),
    (Fault::KeepsWhatPanics, "keeps-what-panics", &[("C11", "a task whose drop panicked stays in the table")]),
    (Fault::CancelsWhenDropped, "cancels-when-dropped", &[("C12", "it declares the opposite")]),
    (
        Fault::AbortsInPlace,
        "aborts-in-place",
        &[("C13", "whoever cancels drops the future, on whichever thread that is")],
    ),
    (
        Fault::SpawnsForEver,
        "spawns-for-ever",
        &[("C14", "the spawner keeps the table, and the table what comes too late")],
    ),
    (Fault::LeaksTheWaiting, "leaks-the-waiting", &[("C15", "it forgets its tasks")]),
    (Fault::LocksWhileDropping, "locks-while-dropping", &[("C15", "a wake wants the lock that the drop holds")]),
    (Fault::NotesEveryTask, "notes-every-task", &[("C11", "eight bytes for each"), ("C16", "a list that only grows")]),
    (Fault::RunnerKeepsItsTasks, "runner-keeps-its-tasks", &[("C17", "what it has taken from the queue goes with it")]),
    (Fault::KeepsTheNotice, "keeps-the-notice", &[("C17", "it was told of a task, and tells nobody when it goes")]),
    (
        Fault::LosesEarlyWakes,
        "loses-early-wakes",
        &[("C1", "after a poll it takes back the wakes of that poll"), ("C2", "the same"), ("C3", "the same")],
    ),
    (Fault::Spins, "spins", &[("C18", "it looks again and again")]),
    (Fault::LooksEveryMillisecond, "looks-every-millisecond", &[("C18", "it sleeps a little, and looks")]),
];

const POOLS: &[(Pooled, &str, Fails)] = &[
    (Pooled::None, "pool-nothing-wrong", &[]),
    (Pooled::ThreadsEndInAPanic, "threads-end-in-a-panic", &[("C10", "two panics, and no thread is left")]),
    (
        Pooled::ForgetsWakesInsidePoll,
        "forgets-wakes-inside-poll",
        &[
            ("C4", "the end of a poll takes back the mark that was set during it"),
            ("C6", "the same"),
            ("C8", "so a busy task stops after a poll"),
        ],
    ),
];

const BLOCKING: &[(Blocks, &str, Fails)] = &[
    (Blocks::None, "block-on-nothing-wrong", &[]),
    (
        Blocks::ForgetsEarlyWakes,
        "forgets-early-wakes",
        &[
            ("C1", "it clears the mark after the poll, and waits for it"),
            ("C2", "the same"),
            ("C3", "the same"),
            ("C4", "the same"),
            ("C5", "the same"),
            ("C6", "the same"),
        ],
    ),
    (
        Blocks::ParksTheThread,
        "parks-the-thread",
        &[("C2", "its token is anybody's"), ("C3", "also that of another one on the same thread")],
    ),
    (Blocks::OneForAThread, "one-for-a-thread", &[("C3", "the inner one takes the wake of the outer one")]),
    (Blocks::PanicsNested, "panics-nested", &[("C3", "it declares the opposite")]),
    (Blocks::PollsAfterTheEnd, "block-on-polls-after-the-end", &[("C6", "once more, to be sure")]),
];

fn main() -> ExitCode {
    let mut subjects = Vec::new();
    let mut add = |name, tested: Tested, policies, fails| {
        subjects.push(Subject::new(name, tested.policies(policies)).fails(fails));
    };
    for &(fault, name, fails) in ONE_THREAD {
        add(name, Tested::executor(move || OneThread::new(fault)), DECLARED, fails);
    }
    for &(fault, name, fails) in POOLS {
        add(name, Tested::executor(move || Pool::new(fault)), DECLARED, fails);
    }
    for &(fault, name, fails) in BLOCKING {
        add(name, Tested::block_on(move |work| blocking::block_on(fault, work)), DECLARED, fails);
    }
    // The same behaviour, rightly declared, is no failure.
    let declared = Policies { panics: Some(Panics::Propagated), ..DECLARED };
    add("propagates-and-says-so-nothing-wrong", Tested::executor(|| OneThread::new(Fault::Propagates)), declared, &[]);
    let declared = Policies { dropped_handle: Some(DroppedHandle::Cancels), ..DECLARED };
    add(
        "cancels-and-says-so-nothing-wrong",
        Tested::executor(|| OneThread::new(Fault::CancelsWhenDropped)),
        declared,
        &[],
    );
    let declared = Policies { nested: Some(Nested::Panics), ..DECLARED };
    let nested = Tested::block_on(|work| blocking::block_on(Blocks::PanicsNested, work));
    add("panics-nested-and-says-so-nothing-wrong", nested, declared, &[]);
    // And those that declare nothing are not asked.
    add("declares-nothing-nothing-wrong", Tested::executor(|| OneThread::new(Fault::None)), Policies::default(), &[]);
    subjects.push(polls_twice_at_once());
    subjects.extend(unwritten());

    let failed = |id| subjects.iter().any(|subject| subject.fails.iter().any(|(failed, _)| *failed == id));
    let unfailed = CHECKS.iter().find(|check| !failed(check.id));
    if std::env::var_os("LISTS").is_none() {
        assert!(unfailed.is_none_or(|check| panic!("no broken executor fails {}", check.id)));
    }
    harness::main(&CHECKS, subjects)
}

/// Two threads in one future are undefined behaviour, and what else comes of that is a matter of
/// luck.
fn polls_twice_at_once() -> Subject<Tested> {
    let pool = Tested::executor(|| Pool::new(Pooled::PollsTwiceAtOnce)).policies(DECLARED);
    let fails = &[("C5", "a wake inside of a poll puts the task into the queue at once")];
    Subject::new("polls-twice-at-once", pool).fails(fails).only(&["C5"])
}

/// An exercise that nobody has begun is no broken executor.
fn unwritten() -> Vec<Subject<Tested>> {
    let unwritten = |name, tested| Subject { unwritten: true, ..Subject::new(name, tested) };
    let block_on = |_: Work| todo!("step 1: poll it");
    vec![
        unwritten("unwritten-executor", Tested::executor(|| -> OneThread { todo!("step 2: make a queue") })),
        unwritten("unwritten-block-on", Tested::block_on(block_on)),
    ]
}
