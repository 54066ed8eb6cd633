//! Part C of the contract: what an executor must do. [`CHECKS`] is the list, [`Tested`] a subject,
//! [`Executor`] what its adapter implements.

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
    adapter::{Executor, Job, LocalJob, LocalWork, Work, turns},
    handle::{End, Handle, Output, Spawner},
    policies::{DroppedHandle, Nested, Panics, Policies},
    tested::Tested,
};

/// Far longer than any check takes that ends.
const DEADLINE: Duration = Duration::from_secs(60);

/// C1 to C18.
pub static CHECKS: [Check<Tested>; 18] = [
    Check {
        id: "C1",
        level: Level::Must,
        must: "a wake that comes before the thread blocks is not lost",
        why: "a wake may come at any moment from any thread, and whoever blocks on after it blocks for ever",
        source: "https://github.com/zesterer/pollster/pull/2",
        deadline: DEADLINE,
        run: block_on::c1_wake_before_the_park,
    },
    Check {
        id: "C2",
        level: Level::Must,
        must: "a poll may park and unpark its thread, and no wake is lost by that",
        why: "the executor's own wake may be the token that such a park takes, and locks and libraries park",
        source: "https://github.com/rust-lang/futures-rs/pull/2010",
        deadline: DEADLINE,
        run: block_on::c2_park_inside_poll,
    },
    Check {
        id: "C3",
        level: Level::Policy,
        must: "blocking inside of what is blocked on works or panics, as declared, and never hangs",
        why: "whoever calls it deep inside of a library must hear of it at once, and not wait for ever",
        source: "https://github.com/rust-lang/futures-rs/issues/2386",
        deadline: DEADLINE,
        run: block_on::c3_nested,
    },
    Check {
        id: "C4",
        level: Level::Must,
        must: "every wake is followed by a poll: inside a poll, between that and sleep, and during sleep",
        why: "a task whose wake is lost waits for ever, and nothing says why",
        source: "https://github.com/tokio-rs/tokio/issues/525",
        deadline: DEADLINE,
        run: wakes::c4_every_wake_is_followed,
    },
    Check {
        id: "C5",
        level: Level::Must,
        must: "no two polls of one task go on at once",
        why: "a poll has the future for itself alone, and `unsafe` code everywhere relies on that",
        source: "https://doc.rust-lang.org/std/future/trait.Future.html#tymethod.poll",
        deadline: DEADLINE,
        run: wakes::c5_one_poll_at_a_time,
    },
    Check {
        id: "C6",
        level: Level::Must,
        must: "a task is not polled after it was ready, and its future is dropped once, and before the join if so declared",
        why: "a future that is ready may panic when polled, and what it holds must go when its task does",
        source: "https://doc.rust-lang.org/std/future/trait.Future.html#panics",
        deadline: DEADLINE,
        run: ends::c6_ends_once,
    },
    Check {
        id: "C7",
        level: Level::Should,
        must: "a task is polled once more than it is woken at most, and a wake polls no other task",
        why: "with many tasks that wait, each wake would otherwise cost as much as all of them",
        source: "https://github.com/hermit-os/hermit-rs/pull/346",
        deadline: DEADLINE,
        run: wakes::c7_no_poll_without_a_wake,
    },
    Check {
        id: "C8",
        level: Level::Policy,
        must: "tasks that always wake themselves keep another one waiting for as many polls as declared, and starve no timer",
        why: "one busy task, and everybody else waits for ever",
        source: "https://docs.rs/tokio/latest/tokio/runtime/index.html#detailed-runtime-behavior",
        deadline: DEADLINE,
        run: fair::c8_fair,
    },
    Check {
        id: "C9",
        level: Level::Must,
        must: "running until no task is woken runs those that wake themselves, and those that tasks start",
        why: "whoever drives it by hand goes to sleep then, and what was left over waits for ever",
        source: "https://github.com/rust-lang/futures-rs/pull/2593",
        deadline: DEADLINE,
        run: fair::c9_until_stalled,
    },
    Check {
        id: "C10",
        level: Level::Policy,
        must: "a panic in a task is isolated or propagated, as declared, and the executor stays usable",
        why: "one faulty task would otherwise take a thread with it, and with the last one everybody's tasks",
        source: "https://github.com/async-rs/async-std/issues/877",
        deadline: DEADLINE,
        run: panics::c10_panic_in_a_task,
    },
    Check {
        id: "C11",
        level: Level::Must,
        must: "a panic in the drop of a future or of a result leaks nothing",
        why: "a server goes on after a panic, and what each of them leaves behind adds up",
        source: "https://github.com/tokio-rs/tokio/pull/3967",
        deadline: DEADLINE,
        run: panics::c11_panic_in_a_drop,
    },
    Check {
        id: "C12",
        level: Level::Policy,
        must: "dropping a join handle detaches the task or cancels it, as declared",
        why: "a task that stops where it was to go on loses work, and the other way round it never ends",
        source: "https://docs.rs/async-task/latest/async_task/struct.Task.html",
        deadline: DEADLINE,
        run: ends::c12_dropped_handle,
    },
    Check {
        id: "C13",
        level: Level::Must,
        must: "a task that is not `Send` is dropped on its own thread, wherever it is cancelled and woken",
        why: "what it holds must not be touched by two threads: a count of references, for example",
        source: "https://rustsec.org/advisories/RUSTSEC-2021-0072.html",
        deadline: DEADLINE,
        run: ends::c13_local_tasks,
    },
    Check {
        id: "C14",
        level: Level::Must,
        must: "a task that is spawned after the executor, or by a drop, is refused or dropped",
        why: "it would otherwise stay in memory for ever, and whoever waits for it waits for ever",
        source: "https://github.com/tokio-rs/tokio/pull/3752",
        deadline: DEADLINE,
        run: shutdown::c14_spawn_too_late,
    },
    Check {
        id: "C15",
        level: Level::Policy,
        must: "an executor that owns its tasks drops them with itself, and a wake in such a drop does not hang",
        why: "connections close when their task is dropped, and shutting down would never come to its end",
        source: "https://github.com/tokio-rs/tokio/pull/2082",
        deadline: DEADLINE,
        run: shutdown::c15_drops_its_tasks,
    },
    Check {
        id: "C16",
        level: Level::Should,
        must: "the second 100,000 tasks leave no more bytes on the heap than the first",
        why: "a server spawns a task a connection, and runs for months",
        source: "https://github.com/tokio-rs/mini-redis/issues/38",
        deadline: DEADLINE,
        run: costs::c16_no_bytes_left,
    },
    Check {
        id: "C17",
        level: Level::Must,
        must: "a runner or a ticker that stops strands no task",
        why: "its own queue, or the notice it was woken by, would go with it, and the others sleep on",
        source: "https://github.com/smol-rs/async-executor/pull/104",
        deadline: DEADLINE,
        run: fair::c17_nobody_is_stranded,
    },
    Check {
        id: "C18",
        level: Level::Should,
        must: "while nothing is ready, no processor is used",
        why: "a server that waits would burn a core, and a laptop its battery",
        source: "https://github.com/smol-rs/async-io/pull/8",
        deadline: DEADLINE,
        run: costs::c18_idle_is_blocked,
    },
];
