//! Part C of the contract: what an executor must do. [`CHECKS`] is the list of checks, [`Tested`]
//! describes a subject, and [`Executor`] is the trait of its adapter.

mod block_on;
mod costs;
mod ends;
mod fair;
mod panics;
mod shutdown;
mod wakes;

use std::time::Duration;

use crate::run::check::{Check, Level};
pub use crate::subject::{
    adapter::{Executor, turns},
    handle::{End, Handle, Spawner},
    policies::{DroppedHandle, Nested, Panics, Policies},
    tested::Tested,
    work::Output,
    work::{Job, LocalJob, LocalWork, Work},
};

/// Names a hang: a check that ends takes far less.
const DEADLINE: Duration = Duration::from_secs(60);

/// C1 to C18.
pub static CHECKS: [Check<Tested>; 18] = [
    Check {
        id: "C1",
        level: Level::Must,
        must: "a wake that comes before the thread blocks is not lost",
        why: "a wake may come at any moment from any thread, and a thread that misses it blocks forever",
        source: "https://github.com/zesterer/pollster/pull/2",
        deadline: DEADLINE,
        run: block_on::c1_wake_before_the_park,
    },
    Check {
        id: "C2",
        level: Level::Must,
        must: "a poll may park and unpark its thread, and no wake is lost",
        why: "locks and libraries park inside a poll, and that park may consume the token of the executor's own wake",
        source: "https://github.com/rust-lang/futures-rs/pull/2010",
        deadline: DEADLINE,
        run: block_on::c2_park_inside_poll,
    },
    Check {
        id: "C3",
        level: Level::Policy,
        must: "`block_on` inside a future that `block_on` polls works or panics, as declared, and never hangs",
        why: "the call may be deep inside a library, and its author must notice it at once",
        source: "https://github.com/rust-lang/futures-rs/issues/2386",
        deadline: DEADLINE,
        run: block_on::c3_nested,
    },
    Check {
        id: "C4",
        level: Level::Must,
        must: "every wake is followed by a poll, whether it comes in a poll, between a poll and sleep, or in sleep",
        why: "a task whose wake is lost waits forever, and nothing says why",
        source: "https://github.com/tokio-rs/tokio/issues/525",
        deadline: DEADLINE,
        run: wakes::c4_every_wake_is_followed,
    },
    Check {
        id: "C5",
        level: Level::Must,
        must: "two polls of one task never overlap",
        why: "a poll has exclusive access to its future, and `unsafe` code relies on that",
        source: "https://doc.rust-lang.org/std/future/trait.Future.html#tymethod.poll",
        deadline: DEADLINE,
        run: wakes::c5_one_poll_at_a_time,
    },
    Check {
        id: "C6",
        level: Level::Must,
        must: "a task is not polled after it was ready, and its future is dropped once, before the join if so declared",
        why: "a future may panic when it is polled after Ready, and it must release what it holds when its task ends",
        source: "https://doc.rust-lang.org/std/future/trait.Future.html#panics",
        deadline: DEADLINE,
        run: ends::c6_ends_once,
    },
    Check {
        id: "C7",
        level: Level::Should,
        must: "a task is polled at most once more than it is woken, and a wake polls no other task",
        why: "otherwise, with many waiting tasks, each wake costs as much as a poll of all of them",
        source: "https://github.com/hermit-os/hermit-rs/pull/346",
        deadline: DEADLINE,
        run: wakes::c7_no_poll_without_a_wake,
    },
    Check {
        id: "C8",
        level: Level::Policy,
        must: "tasks that always wake themselves delay another one by at most the declared polls, and starve no timer",
        why: "otherwise one busy task makes all others wait forever",
        source: "https://docs.rs/tokio/latest/tokio/runtime/index.html#detailed-runtime-behavior",
        deadline: DEADLINE,
        run: fair::c8_fair,
    },
    Check {
        id: "C9",
        level: Level::Must,
        must: "running until no task is woken includes tasks that wake themselves, and tasks that a task starts",
        why: "the caller goes to sleep afterwards, and a task that was left over waits forever",
        source: "https://github.com/rust-lang/futures-rs/pull/2593",
        deadline: DEADLINE,
        run: fair::c9_until_stalled,
    },
    Check {
        id: "C10",
        level: Level::Policy,
        must: "a panic in a task is isolated or propagated, as declared, and the executor stays usable",
        why: "otherwise each faulty task ends a thread, and after the last thread no task is polled",
        source: "https://github.com/async-rs/async-std/issues/877",
        deadline: DEADLINE,
        run: panics::c10_panic_in_a_task,
    },
    Check {
        id: "C11",
        level: Level::Must,
        must: "a panic in the drop of a future or of a result leaks nothing",
        why: "a server continues after a panic, and the leaks add up",
        source: "https://github.com/tokio-rs/tokio/pull/3967",
        deadline: DEADLINE,
        run: panics::c11_panic_in_a_drop,
    },
    Check {
        id: "C12",
        level: Level::Policy,
        must: "dropping a join handle detaches the task or cancels it, as declared",
        why: "a task that is cancelled by surprise loses work, and one that is detached by surprise may never end",
        source: "https://docs.rs/async-task/latest/async_task/struct.Task.html",
        deadline: DEADLINE,
        run: ends::c12_dropped_handle,
    },
    Check {
        id: "C13",
        level: Level::Must,
        must: "a task that is not `Send` is dropped on its own thread, whichever thread cancels or wakes it",
        why: "two threads must not touch what it holds, such as the reference count of an `Rc`",
        source: "https://rustsec.org/advisories/RUSTSEC-2021-0072.html",
        deadline: DEADLINE,
        run: ends::c13_local_tasks,
    },
    Check {
        id: "C14",
        level: Level::Must,
        must: "a task that is spawned after the executor was dropped, or by a drop, is refused or dropped",
        why: "otherwise it stays in memory forever, and a task that joins it waits forever",
        source: "https://github.com/tokio-rs/tokio/pull/3752",
        deadline: DEADLINE,
        run: shutdown::c14_spawn_too_late,
    },
    Check {
        id: "C15",
        level: Level::Policy,
        must: "an executor that owns its tasks drops them with itself, and a wake in such a drop does not hang",
        why: "a connection closes when its task is dropped, and a shutdown must come to its end",
        source: "https://github.com/tokio-rs/tokio/pull/2082",
        deadline: DEADLINE,
        run: shutdown::c15_drops_its_tasks,
    },
    Check {
        id: "C16",
        level: Level::Should,
        must: "the second 100,000 tasks leave no more bytes on the heap than the first",
        why: "a server spawns a task for each connection, and runs for months",
        source: "https://github.com/tokio-rs/mini-redis/issues/38",
        deadline: DEADLINE,
        run: costs::c16_no_bytes_left,
    },
    Check {
        id: "C17",
        level: Level::Must,
        must: "a runner or a ticker that is dropped strands no task",
        why: "otherwise its own queue, or the wake that it received, is lost, and the other runners stay asleep",
        source: "https://github.com/smol-rs/async-executor/pull/104",
        deadline: DEADLINE,
        run: fair::c17_nobody_is_stranded,
    },
    Check {
        id: "C18",
        level: Level::Should,
        must: "while nothing is ready, no processor is used",
        why: "otherwise a waiting server burns a core, and a laptop its battery",
        source: "https://github.com/smol-rs/async-io/pull/8",
        deadline: DEADLINE,
        run: costs::c18_idle_is_blocked,
    },
];
