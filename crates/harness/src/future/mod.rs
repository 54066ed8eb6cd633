//! Part A of the contract: what a future must do, whoever wrote it. [`CHECKS`] is the list, [`Tested`] a subject.

mod bounds;
mod child;
mod drive;
mod tested;
mod wakes;

use std::time::Duration;

pub use bounds::{Facts, Otherwise};
pub use child::Child;
pub use tested::{AfterReady, Tested};

use crate::{Check, Level};

/// Far longer than any check takes that ends.
const DEADLINE: Duration = Duration::from_secs(60);

const FUTURE: &str = "https://doc.rust-lang.org/std/future/trait.Future.html#tymethod.poll";

/// A1 to A17.
pub static CHECKS: [Check<Tested>; 5] = [
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
        why: "a future moves between tasks, as in a select, and the waker of its old task wakes nobody who waits for it",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a2_last_waker,
    },
    Check {
        id: "A3",
        level: Level::Must,
        must: "an event is not lost: before the poll it is Ready at once, during or after it the task is woken",
        why: "between a look and a registration there is a gap, in which the event finds nobody to wake",
        source: "https://docs.rs/futures/latest/futures/task/struct.AtomicWaker.html",
        deadline: DEADLINE,
        run: wakes::a3_no_lost_event,
    },
    Check {
        id: "A5",
        level: Level::Should,
        must: "a future that waits wakes nobody before its event, and then nobody but the waker of the last poll",
        why: "whoever wakes itself while it waits is polled again and again, and burns a core",
        source: FUTURE,
        deadline: DEADLINE,
        run: wakes::a5_no_needless_wake,
    },
    Check {
        id: "A17",
        level: Level::Must,
        must: "it is Send and Sync exactly where it should be",
        why: "one bound too many shuts it out of every runtime with threads, one too few is a data race in safe code",
        source: "https://rustsec.org/advisories/RUSTSEC-2020-0059.html",
        deadline: DEADLINE,
        run: bounds::a17_bounds,
    },
];
