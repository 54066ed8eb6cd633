//! Executors that are wrong in one place each, with the exact list of checks that each fails. A check that none of them
//! fails would not count.

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
    (Fault::PollsAfterTheEnd, "polls-after-the-end", &[]),
    (Fault::KeepsTheFuture, "keeps-the-future", &[]),
    (Fault::JoinsBeforeTheDrop, "joins-before-the-drop", &[]),
    (Fault::WakesAll, "wakes-all", &[]),
    (Fault::NewestFirst, "newest-first", &[]),
    (Fault::TimersWhenIdle, "timers-when-idle", &[]),
    (Fault::OneRound, "one-round", &[]),
    (Fault::Propagates, "propagates", &[]),
    (Fault::PoisonedByAPanic, "poisoned-by-a-panic", &[]),
    (Fault::KeepsWhatPanics, "keeps-what-panics", &[]),
    (Fault::CancelsWhenDropped, "cancels-when-dropped", &[]),
    (Fault::AbortsInPlace, "aborts-in-place", &[]),
    (Fault::SpawnsForEver, "spawns-for-ever", &[]),
    (Fault::LeaksTheWaiting, "leaks-the-waiting", &[]),
    (Fault::LocksWhileDropping, "locks-while-dropping", &[]),
    (Fault::NotesEveryTask, "notes-every-task", &[]),
    (Fault::RunnerKeepsItsTasks, "runner-keeps-its-tasks", &[]),
    (Fault::KeepsTheNotice, "keeps-the-notice", &[]),
    (Fault::LosesEarlyWakes, "loses-early-wakes", &[]),
    (Fault::Spins, "spins", &[]),
    (Fault::LooksEveryMillisecond, "looks-every-millisecond", &[]),
];

const POOLS: &[(Pooled, &str, Fails)] = &[
    (Pooled::None, "pool-nothing-wrong", &[]),
    (Pooled::ThreadsEndInAPanic, "threads-end-in-a-panic", &[]),
    (Pooled::PollsTwiceAtOnce, "polls-twice-at-once", &[]),
    (Pooled::ForgetsWakesInsidePoll, "forgets-wakes-inside-poll", &[]),
    (Pooled::SleepsWithoutALook, "sleeps-without-a-look", &[]),
];

const BLOCKING: &[(Blocks, &str, Fails)] = &[
    (Blocks::None, "block-on-nothing-wrong", &[]),
    (Blocks::ForgetsEarlyWakes, "forgets-early-wakes", &[]),
    (Blocks::ParksTheThread, "parks-the-thread", &[]),
    (Blocks::OneForAThread, "one-for-a-thread", &[]),
    (Blocks::PanicsNested, "panics-nested", &[]),
    (Blocks::PollsAfterTheEnd, "block-on-polls-after-the-end", &[]),
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
    subjects.extend(unwritten());

    let failed = |id| subjects.iter().any(|subject| subject.fails.iter().any(|(failed, _)| *failed == id));
    let unfailed = CHECKS.iter().find(|check| !failed(check.id));
    if std::env::var_os("LISTS").is_none() { assert!(unfailed.is_none_or(|check| panic!("no broken executor fails {}", check.id))); }
    harness::main(&CHECKS, subjects)
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
