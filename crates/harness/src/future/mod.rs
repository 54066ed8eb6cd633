//! Part A of the contract: what any future must do. [`CHECKS`] is the list of checks, and
//! [`Tested`] describes a subject.

mod bounds;
mod child;
mod children;
mod drive;
mod drops;
mod held;
mod locks;
mod polls;
mod tested;
mod wakes;

use std::time::Duration;

pub use bounds::{Facts, Otherwise};
pub use child::Child;
pub use tested::{AfterReady, Tested};

use crate::run::check::{Check, Level};

/// Names a hang: a check that ends takes far less.
const DEADLINE: Duration = Duration::from_secs(60);

const FUTURE: &str = "https://doc.rust-lang.org/std/future/trait.Future.html#tymethod.poll";

/// A1 to A17.
pub static CHECKS: [Check<Tested>; 17] = [
    Check {
        id: "A1",
        level: Level::Must,
        must: "a poll that returns Pending has kept the waker, or has woken it",
        why: "otherwise the task silently waits forever",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a1_kept_or_woken,
    },
    Check {
        id: "A2",
        level: Level::Must,
        must: "the waker of the last poll is the one that is woken",
        why: "a future may move to another task, and a wake of the earlier task does not help the one that waits now",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a2_last_waker,
    },
    Check {
        id: "A3",
        level: Level::Must,
        must: "no event is lost: Ready if it came before the poll, woken if it comes during the poll or after it",
        why: "an event that comes after the future looks and before it registers its waker finds no waker",
        source: "https://docs.rs/futures/latest/futures/task/struct.AtomicWaker.html",
        deadline: DEADLINE,
        run: wakes::a3_no_lost_event,
    },
    Check {
        id: "A4",
        level: Level::Must,
        must: "spurious polls do not panic, do not return Ready too early, and do not each leave a waker behind",
        why: "a task polls all its futures when one of them wakes it, and a waker kept for each poll is a leak",
        source: "https://github.com/n0-computer/n0-watcher/issues/62",
        deadline: DEADLINE,
        run: polls::a4_spurious_polls,
    },
    Check {
        id: "A5",
        level: Level::Should,
        must: "a waiting future wakes no waker before its event, and then only the waker of the last poll",
        why: "a future that wakes itself while it waits is polled again and again, and burns a core",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a5_no_needless_wake,
    },
    Check {
        id: "A6",
        level: Level::Must,
        must: "a poll after Ready does what is declared, and `is_terminated` agrees with it",
        why: "`select!` in a loop relies on the answer, and memory safety must not depend on the caller",
        source: "https://docs.rs/futures/latest/futures/future/trait.FusedFuture.html",
        deadline: DEADLINE,
        run: polls::a6_after_ready,
    },
    Check {
        id: "A7",
        level: Level::Must,
        must: "a future that is dropped releases its waker at once, and its event is harmless afterwards",
        why: "a kept waker keeps its whole task in memory, long after the task was cancelled",
        source: "https://github.com/tokio-rs/tokio/issues/7884",
        deadline: DEADLINE,
        run: drops::a7_drop_releases,
    },
    Check {
        id: "A8",
        level: Level::Must,
        must: "a waiter that is dropped takes no permit with it: the next one gets it",
        why: "otherwise a timeout around a lock would leave the lock locked forever",
        source: "https://github.com/asomers/futures-locks/issues/1",
        deadline: DEADLINE,
        run: drops::a8_no_permit_lost,
    },
    Check {
        id: "A9",
        level: Level::Should,
        must: "nothing happens until the first poll",
        why: "futures are made in one order and awaited in another, and one that is never polled must not block others",
        source: "https://github.com/asomers/futures-locks/issues/2",
        deadline: DEADLINE,
        run: polls::a9_lazy,
    },
    Check {
        id: "A10",
        level: Level::Should,
        must: "no lock is held while a waker is cloned, woken or dropped",
        why: "a waker is foreign code: it may call back into the same future, which then waits for its own lock",
        source: "https://github.com/tokio-rs/tokio/issues/5429",
        deadline: DEADLINE,
        run: locks::a10_no_lock_held,
    },
    Check {
        id: "A11",
        level: Level::Should,
        must: "a panic in the clone of a waker leaves the future usable",
        why: "one bad waker must not end what others wait for",
        source: "https://github.com/tokio-rs/tokio/pull/3689",
        deadline: DEADLINE,
        run: locks::a11_clone_panics,
    },
    Check {
        id: "A12",
        level: Level::Must,
        must: "no child is dropped twice, whichever panics, and after a panic in a poll each is dropped once",
        why: "a second drop frees memory twice, and a missing drop leaks",
        source: "https://github.com/rust-lang/futures-rs/pull/2886",
        deadline: DEADLINE,
        run: children::a12_panics,
    },
    Check {
        id: "A13",
        level: Level::Must,
        must: "a child stays where its first poll found it, and is dropped there",
        why: "a pinned future may hold pointers into itself, which a move leaves dangling",
        source: "https://doc.rust-lang.org/std/pin/index.html",
        deadline: DEADLINE,
        run: children::a13_not_moved,
    },
    Check {
        id: "A14",
        level: Level::Should,
        must: "a poll returns without waiting for anything",
        why: "while it blocks its thread, no other task of that thread is polled",
        source: FUTURE,
        deadline: DEADLINE,
        run: polls::a14_poll_returns,
    },
    Check {
        id: "A15",
        level: Level::Should,
        must: "a child that is always busy does not keep the other from being polled",
        why: "otherwise two futures that should run concurrently run in sequence, or one of them never runs",
        source: "https://github.com/tokio-rs/tokio/issues/4612",
        deadline: DEADLINE,
        run: children::a15_no_starvation,
    },
    Check {
        id: "A16",
        level: Level::Policy,
        must: "a combinator can be nested as deeply as it declares, on a stack of 2 MiB",
        why: "each level needs a stack frame, and a stack overflow ends the whole process",
        source: "https://github.com/rust-lang/futures-rs/issues/202",
        deadline: DEADLINE,
        run: children::a16_depth,
    },
    Check {
        id: "A17",
        level: Level::Must,
        must: "a future is Send and Sync exactly where it should be",
        why: "without them no runtime with threads accepts it, and a wrong one is a data race in safe code",
        source: "https://rustsec.org/advisories/RUSTSEC-2020-0059.html",
        deadline: DEADLINE,
        run: bounds::a17_bounds,
    },
];
