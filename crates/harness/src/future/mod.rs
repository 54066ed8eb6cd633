//! Part A of the contract: what a future must do, whoever wrote it. [`CHECKS`] is the list,
//! [`Tested`] a subject.

mod bounds;
mod child;
mod children;
mod drive;
mod drops;
mod locks;
mod polls;
mod tested;
mod wakes;

use std::time::Duration;

pub use bounds::{Facts, Otherwise};
pub use child::Child;
pub use tested::{AfterReady, Tested};

use crate::run::check::{Check, Level};

/// Far longer than any check takes that ends.
const DEADLINE: Duration = Duration::from_secs(60);

const FUTURE: &str = "https://doc.rust-lang.org/std/future/trait.Future.html#tymethod.poll";

/// A1 to A17.
pub static CHECKS: [Check<Tested>; 17] = [
    Check {
        id: "A1",
        level: Level::Must,
        must: "a poll that returns Pending has kept the waker, or has woken it",
        why: "otherwise nobody can wake the task any more, and it waits for ever without a word",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a1_kept_or_woken,
    },
    Check {
        id: "A2",
        level: Level::Must,
        must: "the waker of the last poll is the one that is woken",
        why: "a future moves from task to task, and the waker of an earlier one wakes nobody who waits for it",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a2_last_waker,
    },
    Check {
        id: "A3",
        level: Level::Must,
        must: "no event is lost: Ready if it came before the poll, woken if it comes during the poll or after it",
        why: "between a look and a registration there is a gap, in which the event finds nobody to wake",
        source: "https://docs.rs/futures/latest/futures/task/struct.AtomicWaker.html",
        deadline: DEADLINE,
        run: wakes::a3_no_lost_event,
    },
    Check {
        id: "A4",
        level: Level::Must,
        must: "polls that nobody asked for neither panic nor yield too early, and leave no waker behind each",
        why: "a task is polled for any of its futures, and a waker kept of each poll keeps memory for ever",
        source: "https://github.com/n0-computer/n0-watcher/issues/62",
        deadline: DEADLINE,
        run: polls::a4_spurious_polls,
    },
    Check {
        id: "A5",
        level: Level::Should,
        must: "a future that waits wakes nobody before its event, and then only the waker of the last poll",
        why: "whoever wakes itself while it waits is polled again and again, and burns a core",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a5_no_needless_wake,
    },
    Check {
        id: "A6",
        level: Level::Must,
        must: "a poll after Ready does what is declared, and `is_terminated` agrees with it",
        why: "a loop over `select!` relies on the answer, and memory must not depend on nobody asking",
        source: "https://docs.rs/futures/latest/futures/future/trait.FusedFuture.html",
        deadline: DEADLINE,
        run: polls::a6_after_ready,
    },
    Check {
        id: "A7",
        level: Level::Must,
        must: "a future that is dropped releases its waker at once, and its event is harmless afterwards",
        why: "a waker that is still kept keeps its whole task in memory, long after that was cancelled",
        source: "https://github.com/tokio-rs/tokio/issues/7884",
        deadline: DEADLINE,
        run: drops::a7_drop_releases,
    },
    Check {
        id: "A8",
        level: Level::Must,
        must: "a waiter that is dropped takes no permit with it: the next one gets it",
        why: "a timeout around a lock would otherwise leave it locked for ever",
        source: "https://github.com/asomers/futures-locks/issues/1",
        deadline: DEADLINE,
        run: drops::a8_no_permit_lost,
    },
    Check {
        id: "A9",
        level: Level::Should,
        must: "nothing happens until the first poll",
        why: "futures are made in one order and awaited in another, and one that is never polled must hold up nobody",
        source: "https://github.com/asomers/futures-locks/issues/2",
        deadline: DEADLINE,
        run: polls::a9_lazy,
    },
    Check {
        id: "A10",
        level: Level::Should,
        must: "no lock is held while a waker is cloned, woken or dropped",
        why: "that is code of others: it may come back to this very future, and then it waits for itself",
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
        why: "what is dropped twice is freed twice, and what is never dropped leaks",
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
        why: "while it blocks its thread no other task of that thread is polled",
        source: FUTURE,
        deadline: DEADLINE,
        run: polls::a14_poll_returns,
    },
    Check {
        id: "A15",
        level: Level::Should,
        must: "a child that is always busy does not keep the other from being polled",
        why: "otherwise two futures that were to run side by side run one after the other, or one never",
        source: "https://github.com/tokio-rs/tokio/issues/4612",
        deadline: DEADLINE,
        run: children::a15_no_starvation,
    },
    Check {
        id: "A16",
        level: Level::Policy,
        must: "it can be nested as deeply as it states, on a stack of 2 MiB",
        why: "each level is a frame of the stack, and the overflow ends the whole process",
        source: "https://github.com/rust-lang/futures-rs/issues/202",
        deadline: DEADLINE,
        run: children::a16_depth,
    },
    Check {
        id: "A17",
        level: Level::Must,
        must: "it is Send and Sync exactly where it should be",
        why: "where it is not, no runtime with threads takes it; where it should not be, safe code has a data race",
        source: "https://rustsec.org/advisories/RUSTSEC-2020-0059.html",
        deadline: DEADLINE,
        run: bounds::a17_bounds,
    },
];
