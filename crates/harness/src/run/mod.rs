//! The type of a check, the process in which each check runs, and the runner that lists the checks
//! and reports their results.

pub(crate) mod caught;
pub(crate) mod check;
pub(crate) mod child;
pub mod guards;
pub(crate) mod lines;
pub(crate) mod process;
pub(crate) mod report;
pub(crate) mod runner;
pub(crate) mod wait;
