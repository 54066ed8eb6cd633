//! Executors that are broken in one place each.

use harness::{
    Subject, Work,
    executor::{DroppedHandle, Nested, Panics, Policies, Tested},
};

use super::{Fails, Sample};

mod blocking;
mod join;
mod numbers;
mod one_thread;
mod pool;
mod with_unsafe;

use blocking::Fault as Blocks;
use one_thread::{Fault, OneThread};
use pool::{Fault as Pooled, Pool};

const SAMPLE: Sample = Sample {
    // Two times 100,000 tasks, and an idle second.
    heavy: &["C16", "C18"],
    slow: &[
        ("polls-after-the-end", &["C4", "C11", "C14", "C16"]),
        ("keeps-the-future", &["C4", "C10", "C11", "C13", "C14", "C16"]),
        ("timers-when-idle", &["C8"]),
        ("loses-early-wakes", &["C1", "C2", "C3"]),
        ("locks-while-dropping", &["C15"]),
        ("notes-every-task", &["C11"]),
        ("forgets-wakes-inside-poll", &["C5", "C6", "C7", "C12"]),
        ("forgets-early-wakes", &["C2", "C3", "C4", "C5", "C6"]),
        ("parks-the-thread", &["C3"]),
        ("spins", &["C1", "C2", "C3", "C4"]),
        ("propagates-and-says-so-nothing-wrong", &["C16", "C18"]),
        ("cancels-and-says-so-nothing-wrong", &["C16", "C18"]),
        ("panics-nested-and-says-so-nothing-wrong", &["C18"]),
        ("declares-nothing-nothing-wrong", &["C16", "C18"]),
        ("unwritten-block-on", &["C5"]),
    ],
};

/// What all subjects declare, rightly or wrongly.
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
            ("C4", "a task's future, whose drop wakes another task, is never dropped"),
            ("C6", "it polls a future again after `Ready`"),
            ("C11", "a future whose drop panics is never dropped"),
            ("C14", "a future whose drop starts a task is never dropped"),
            ("C16", "no future is ever dropped"),
        ],
    ),
    (
        Fault::KeepsTheFuture,
        "keeps-the-future",
        &[
            ("C4", "a task's future, whose drop wakes another task, is never dropped"),
            ("C6", "the future of an ended task is never dropped"),
            ("C10", "nor is the future of a task that panicked"),
            ("C11", "nor is a future whose drop panics"),
            ("C13", "nor is the future of a local task"),
            ("C14", "nor is a future whose drop starts a task"),
            ("C16", "each task leaves its future behind"),
        ],
    ),
    (
        Fault::JoinsBeforeTheDrop,
        "joins-before-the-drop",
        &[("C6", "the join handle is ready before the future is dropped")],
    ),
    (Fault::WakesAll, "wakes-all", &[("C7", "a wake polls every task")]),
    (Fault::NewestFirst, "newest-first", &[("C8", "a task that wakes itself is always the newest in the queue")]),
    (
        Fault::TimersWhenIdle,
        "timers-when-idle",
        &[("C8", "it fires timers only when it is idle, and tasks that wake themselves keep it busy")],
    ),
    (Fault::OneRound, "one-round", &[("C9", "a task that is woken during the round stays in the queue")]),
    (Fault::Propagates, "propagates", &[("C10", "a panic leaves the call that polls, and it declares the opposite")]),
    (Fault::PoisonedByAPanic, "poisoned-by-a-panic", &[("C10", "after a panic it refuses every task")]),
    (Fault::KeepsWhatPanics, "keeps-what-panics", &[("C11", "a task whose drop panicked stays in the table")]),
    (
        Fault::CancelsWhenDropped,
        "cancels-when-dropped",
        &[("C12", "dropping a handle cancels, and it declares the opposite")],
    ),
    (Fault::AbortsInPlace, "aborts-in-place", &[("C13", "the thread that cancels drops the future")]),
    (
        Fault::SpawnsForEver,
        "spawns-for-ever",
        &[("C14", "a spawner keeps the table of tasks alive, and spawns into it after the end")],
    ),
    (Fault::LeaksTheWaiting, "leaks-the-waiting", &[("C15", "its drop leaks the tasks that wait")]),
    (
        Fault::LocksWhileDropping,
        "locks-while-dropping",
        &[("C15", "its drop drops futures under the lock that a wake acquires")],
    ),
    (
        Fault::NotesEveryTask,
        "notes-every-task",
        &[("C11", "each task adds to a list that only grows"), ("C16", "the same")],
    ),
    (
        Fault::RunnerKeepsItsTasks,
        "runner-keeps-its-tasks",
        &[("C17", "a dropped runner drops the tasks that it took from the queue")],
    ),
    (
        Fault::KeepsTheNotice,
        "keeps-the-notice",
        &[("C17", "a runner that was woken for a task is dropped, and wakes no other")],
    ),
    (
        Fault::LosesEarlyWakes,
        "loses-early-wakes",
        &[("C1", "the end of a poll clears the wakes of that poll"), ("C2", "the same"), ("C3", "the same")],
    ),
    (Fault::Spins, "spins", &[("C18", "it polls its queue in a loop")]),
    (Fault::LooksEveryMillisecond, "looks-every-millisecond", &[("C18", "it looks at its queue each millisecond")]),
];

const POOLS: &[(Pooled, &str, Fails)] = &[
    (Pooled::None, "pool-nothing-wrong", &[]),
    (Pooled::ThreadsEndInAPanic, "threads-end-in-a-panic", &[("C10", "each panic ends a thread")]),
    (
        Pooled::ForgetsWakesInsidePoll,
        "forgets-wakes-inside-poll",
        &[
            ("C4", "the end of a poll clears the mark of a wake that came during the poll"),
            ("C6", "the same"),
            ("C8", "a task that wakes itself stops after one poll"),
        ],
    ),
];

const BLOCKING: &[(Blocks, &str, Fails)] = &[
    (Blocks::None, "block-on-nothing-wrong", &[]),
    (
        Blocks::ForgetsEarlyWakes,
        "forgets-early-wakes",
        &[
            ("C1", "it clears the mark of a wake after the poll, and then waits for it"),
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
        &[("C2", "other code takes the thread's token"), ("C3", "so does the inner `block_on`")],
    ),
    (Blocks::OneForAThread, "one-for-a-thread", &[("C3", "the inner `block_on` takes the wake of the outer one")]),
    (Blocks::PanicsNested, "panics-nested", &[("C3", "a nested `block_on` panics, and it declares the opposite")]),
    (Blocks::PollsAfterTheEnd, "block-on-polls-after-the-end", &[("C6", "it polls again after `Ready`")]),
];

pub fn subjects() -> Vec<Subject<Tested>> {
    let mut subjects = Vec::new();
    let mut add = |name, tested: Tested, policies, fails| {
        subjects.push(Subject::new(name, tested.policies(policies)).fails(fails));
    };
    for &(fault, name, fails) in ONE_THREAD {
        add(name, Tested::executor(move || OneThread::new(fault)), DECLARED, fails);
    }
    for &(fault, name, fails) in POOLS {
        // How many polls a pool lets pass depends on when the kernel runs its threads: no bound
        // holds.
        let declared = Policies { fairness: None, ..DECLARED };
        add(name, Tested::executor(move || Pool::new(fault)), declared, fails);
    }
    for &(fault, name, fails) in BLOCKING {
        add(name, Tested::block_on(move |work| blocking::block_on(fault, work)), DECLARED, fails);
    }
    // The same behaviour passes if the subject declares it.
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
    // A subject that declares nothing is held to nothing.
    add("declares-nothing-nothing-wrong", Tested::executor(|| OneThread::new(Fault::None)), Policies::default(), &[]);
    subjects.push(polls_twice_at_once());
    subjects.extend(unwritten());
    SAMPLE.of(subjects)
}

/// Two threads in one future are undefined behaviour, so no other check could judge this subject.
fn polls_twice_at_once() -> Subject<Tested> {
    let pool = Tested::executor(|| Pool::new(Pooled::PollsTwiceAtOnce)).policies(DECLARED);
    let fails = &[("C5", "a wake inside a poll puts the task into the queue at once")];
    Subject::new("polls-twice-at-once", pool).fails(fails).only(&["C5"])
}

/// Exercises that nobody has begun. Each check must report that.
fn unwritten() -> Vec<Subject<Tested>> {
    let unwritten = |name, tested| Subject { unwritten: true, ..Subject::new(name, tested) };
    let block_on = |_: Work| todo!("step 1: poll it");
    vec![
        unwritten("unwritten-executor", Tested::executor(|| -> OneThread { todo!("step 2: make a queue") })),
        unwritten("unwritten-block-on", Tested::block_on(block_on)),
    ]
}
