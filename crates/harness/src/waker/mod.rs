//! Part B of the contract: what a waker must do, whether it is written by hand or comes from an
//! executor. [`CHECKS`] is the list of checks, and [`Tested`] describes a subject.

#![expect(clippy::waker_clone_wake, reason = "the checks judge clones and wakes by value")]

mod counted;
mod ends;
mod queue;
mod same;
mod threads;

use std::time::Duration;

use crate::run::check::{Check, Level};
pub use crate::subject::tested::{Target, Tested};

/// Names a hang: a check that ends takes far less.
const DEADLINE: Duration = Duration::from_secs(60);

const VTABLE: &str = "https://doc.rust-lang.org/std/task/struct.RawWakerVTable.html";
const WAKER: &str = "https://doc.rust-lang.org/std/task/struct.Waker.html";

/// B1 to B15.
pub static CHECKS: [Check<Tested>; 15] = [
    Check {
        id: "B1",
        level: Level::Must,
        must: "every clone retains and every drop or `wake` releases, exactly once",
        why: "one release too many frees what others still use, and one too few keeps a whole task in memory forever",
        source: VTABLE,
        deadline: DEADLINE,
        run: counted::b1_retains_and_releases,
    },
    Check {
        id: "B2",
        level: Level::Must,
        must: "`wake_by_ref` leaves the waker as it was, even if it panics",
        why: "the caller still owns the waker, and will use it and drop it",
        source: "https://github.com/rust-lang/futures-rs/pull/1797",
        deadline: DEADLINE,
        run: counted::b2_by_ref_keeps,
    },
    Check {
        id: "B3",
        level: Level::Must,
        must: "a clone wakes the task of its original, and `will_wake` is true only between wakers of one task",
        why: "if `will_wake` is true, a future keeps its old waker, and a wrong answer wakes the wrong task",
        source: VTABLE,
        deadline: DEADLINE,
        run: same::b3_same_task,
    },
    Check {
        id: "B4",
        level: Level::Should,
        must: "`will_wake` is true between a clone and its original",
        why: "otherwise every poll clones its waker again and drops the old one, for nothing",
        source: "https://github.com/tokio-rs/tokio/pull/2045",
        deadline: DEADLINE,
        run: same::b4_will_wake,
    },
    Check {
        id: "B5",
        level: Level::Must,
        must: "a waker works on any thread, also after the thread that made it has ended",
        why: "a `Waker` is Send and Sync, and most wakes come from another thread",
        source: "https://github.com/DataDog/glommio/issues/194",
        deadline: DEADLINE,
        run: threads::b5_any_thread,
    },
    Check {
        id: "B6",
        level: Level::Must,
        must: "a wake after the task has ended does nothing",
        why: "wakers outlive their task, and a future must not be polled again after it was ready",
        source: WAKER,
        deadline: DEADLINE,
        run: same::b6_after_the_end,
    },
    Check {
        id: "B7",
        level: Level::Must,
        must: "a wake during or after the drop of the executor touches no freed memory, and leaks nothing",
        why: "timers, sockets and threads keep wakers, and do not know that the executor was dropped",
        source: "https://github.com/smol-rs/async-executor/issues/163",
        deadline: DEADLINE,
        run: ends::b7_executor_dropped,
    },
    Check {
        id: "B8",
        level: Level::Must,
        must: "a wake by the last waker of a task whose executor was dropped frees the task, and then leaves it alone",
        why: "handing the task to the queue may free it, with everything that the wake would read afterwards",
        source: "https://github.com/async-rs/async-task/issues/11",
        deadline: DEADLINE,
        run: ends::b8_last_waker,
    },
    Check {
        id: "B9",
        level: Level::Should,
        must: "a wake polls no task, drops no task that its executor owns, and takes no lock held in a poll or a drop",
        why: "the caller may hold a lock that this poll or this drop needs too",
        source: "https://github.com/tokio-rs/tokio/pull/1972",
        deadline: DEADLINE,
        run: threads::b9_not_inline,
    },
    Check {
        id: "B10",
        level: Level::Must,
        must: "a wake inside a poll is kept: the task is polled again",
        why: "a future yields in this way, and an event that comes during the poll must not be lost",
        source: "https://github.com/rust-lang/futures-rs/pull/2593",
        deadline: DEADLINE,
        run: queue::b10_wake_inside_poll,
    },
    Check {
        id: "B11",
        level: Level::Should,
        must: "any number of wakes makes at most one entry in the run queue",
        why: "a busy socket wakes again and again, and its task would crowd out all others",
        source: WAKER,
        deadline: DEADLINE,
        run: queue::b11_one_entry,
    },
    Check {
        id: "B12",
        level: Level::Must,
        must: "a poll sees everything that was written before the wake, even if the task was woken already",
        why: "otherwise the poll finds nothing new, and no further wake will come",
        source: "https://github.com/tokio-rs/tokio/pull/7622",
        deadline: DEADLINE,
        run: queue::b12_visible,
    },
    Check {
        id: "B13",
        level: Level::Must,
        must: "two wakes that overlap cannot strand the task",
        why: "each may assume that the other one queues the task, and then neither does",
        source: "https://github.com/compio-rs/compio/issues/948",
        deadline: DEADLINE,
        run: queue::b13_overlapping_wakes,
    },
    Check {
        id: "B14",
        level: Level::Should,
        must: "tasks that wait for their own join handle, or for each other's, are freed",
        why: "a task keeps the waker of the task that joins it, and that waker keeps its own task: a reference cycle",
        source: "https://github.com/tokio-rs/tokio/issues/6505",
        deadline: DEADLINE,
        run: ends::b14_no_ring,
    },
    Check {
        id: "B15",
        level: Level::Should,
        must: "100,000 tasks that wake each other, or drop each other's wakers, need no more stack than one",
        why: "otherwise each call is nested in the previous one, and the stack overflow ends the process",
        source: "https://github.com/rust-lang/futures-rs/issues/1283",
        deadline: DEADLINE,
        run: ends::b15_long_chain,
    },
];
