#![doc = include_str!("../README.md")]

#[cfg(feature = "chat")]
pub mod chat;
pub mod executor;
pub mod future;
#[cfg(feature = "grade")]
pub mod grade;
pub mod probe;
mod run;
mod subject;
pub mod waker;

pub use probe::alloc::{Counting, allocations, live_bytes};
pub use run::{
    check::{Check, Level, Stop, Verdict, holds},
    child::{Outcome, in_check, judge},
    guards,
    process::{NOT_WRITTEN, exit_when_not_written},
    report::report,
    runner::{Subject, Suite, answered, answered_among, exercise, main, unwritten_if},
    wait::until,
};
pub use subject::{
    adapter::{Executor, turns},
    handle::Handle,
    work::Work,
};
