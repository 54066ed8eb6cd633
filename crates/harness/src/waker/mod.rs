//! Part B of the contract: what a waker must do, made by hand or handed to a future by an executor.
//! [`CHECKS`] is the list, [`Tested`] a subject.

#![expect(clippy::waker_clone_wake, reason = "what a clone does, and what a wake by value does, is what is judged")]

mod counted;
mod ends;
mod queue;
mod same;
mod threads;

use std::time::Duration;

use crate::run::check::{Check, Level};
pub use crate::subject::tested::{Target, Tested};

/// Far longer than any check takes that ends.
const DEADLINE: Duration = Duration::from_secs(60);

const VTABLE: &str = "https://doc.rust-lang.org/std/task/struct.RawWakerVTable.html";
const WAKER: &str = "https://doc.rust-lang.org/std/task/struct.Waker.html";

/// B1 to B15.
pub static CHECKS: [Check<Tested>; 15] = [
    Check {
        id: "B1",
        level: Level::Must,
        must: "every clone retains and every drop or `wake` releases, exactly once",
        why: "one release too many frees what others still use, and one too few keeps a whole task in memory for ever",
        source: VTABLE,
        deadline: DEADLINE,
        run: counted::b1_retains_and_releases,
    },
    Check {
        id: "B2",
        level: Level::Must,
        must: "`wake_by_ref` leaves the waker as it was, even when it unwinds",
        why: "whoever called it still has the waker, and will use it and drop it",
        source: "https://github.com/rust-lang/futures-rs/pull/1797",
        deadline: DEADLINE,
        run: counted::b2_by_ref_keeps,
    },
    Check {
        id: "B3",
        level: Level::Must,
        must: "a clone wakes the task of its original, and `will_wake` is true only of wakers of one task",
        why: "a future keeps the waker it has if `will_wake` says so, and then it is the wrong task that is woken",
        source: VTABLE,
        deadline: DEADLINE,
        run: same::b3_same_task,
    },
    Check {
        id: "B4",
        level: Level::Should,
        must: "a clone says of its original that it `will_wake` the same task",
        why: "otherwise every poll clones its waker anew and drops the old one, for nothing",
        source: "https://github.com/tokio-rs/tokio/pull/2045",
        deadline: DEADLINE,
        run: same::b4_will_wake,
    },
    Check {
        id: "B5",
        level: Level::Must,
        must: "a waker works on any thread, also after the thread that made it has ended",
        why: "a `Waker` is Send and Sync, and those who wake are mostly on another thread",
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
        must: "a wake during or after the drop of the executor touches nothing that is freed, and leaks nothing",
        why: "timers, sockets and threads keep wakers for as long as they like, and nobody tells them",
        source: "https://github.com/smol-rs/async-executor/issues/163",
        deadline: DEADLINE,
        run: ends::b7_executor_dropped,
    },
    Check {
        id: "B8",
        level: Level::Must,
        must: "the last waker of a task may be woken when no queue takes the task: it is dropped, and not touched again",
        why: "handing the task over may be what frees it, with all that the wake still meant to read",
        source: "https://github.com/async-rs/async-task/issues/11",
        deadline: DEADLINE,
        run: ends::b8_last_waker,
    },
    Check {
        id: "B9",
        level: Level::Should,
        must: "a wake polls no task inside the call, drops none of its executor's, and takes no lock held in a poll or a drop",
        why: "whoever wakes may hold a lock of its own, which that poll or that drop wants too",
        source: "https://github.com/tokio-rs/tokio/pull/1972",
        deadline: DEADLINE,
        run: threads::b9_not_inline,
    },
    Check {
        id: "B10",
        level: Level::Must,
        must: "a wake inside a poll is kept: the task is polled again",
        why: "that is how a future yields, and how an event that comes early is not lost",
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
        must: "what was written before a wake is seen by the poll after it, also when the task was woken already",
        why: "otherwise the poll finds nothing new, and no further wake will come",
        source: "https://github.com/tokio-rs/tokio/pull/7622",
        deadline: DEADLINE,
        run: queue::b12_visible,
    },
    Check {
        id: "B13",
        level: Level::Must,
        must: "two wakes that overlap cannot strand the task",
        why: "each may take the other for the one that queues the task, and then nobody does",
        source: "https://github.com/compio-rs/compio/issues/948",
        deadline: DEADLINE,
        run: queue::b13_overlapping_wakes,
    },
    Check {
        id: "B14",
        level: Level::Should,
        must: "a task that waits for a join handle of its own, or for each other, is freed",
        why: "a task keeps the waker of whoever joins it, and that waker keeps its task: a ring that nobody breaks",
        source: "https://github.com/tokio-rs/tokio/issues/6505",
        deadline: DEADLINE,
        run: ends::b14_no_ring,
    },
    Check {
        id: "B15",
        level: Level::Should,
        must: "100,000 tasks that wake each other, or drop each other's wakers, need no more stack than one",
        why: "each would be a frame inside that of the one before, and the overflow ends the process",
        source: "https://github.com/rust-lang/futures-rs/issues/1283",
        deadline: DEADLINE,
        run: ends::b15_long_chain,
    },
];
