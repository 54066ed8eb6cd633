#![doc = include_str!("../README.md")]

mod alloc;
mod caught;
#[cfg(feature = "chat")]
pub mod chat;
mod check;
mod child;
pub mod compare;
pub mod executor;
pub mod future;
#[cfg(feature = "grade")]
pub mod grade;
pub mod guards;
mod guest;
mod leak;
mod lines;
mod meanwhile;
pub mod probe;
mod process;
mod runner;
mod wait;
pub mod waker;
mod world;

pub use alloc::{Counting, allocations, live_bytes};
pub use check::{Check, Level, Stop, Verdict, holds};
pub use child::{Outcome, in_check, judge};
pub use executor::{Executor, Handle, Work, turns};
pub use process::{NOT_WRITTEN, exit_when_not_written};
pub use runner::{Subject, alone, answered, answered_among, exercise, main, report};
pub use wait::until;
