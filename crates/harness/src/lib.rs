#![doc = include_str!("../README.md")]

mod alloc;
#[cfg(feature = "chat")]
pub mod chat;
mod check;
mod child;
pub mod future;
#[cfg(feature = "grade")]
pub mod grade;
mod lines;
pub mod probe;
mod process;
mod runner;
mod wait;

pub use alloc::{Counting, live_bytes};
pub use check::{Check, Level, Stop, Verdict, holds};
pub use child::{Outcome, in_check, judge};
pub use process::{NOT_WRITTEN, exit_when_not_written};
pub use runner::{Subject, answered, exercise, main, report};
pub use wait::until;
