//! What runs a check: the check itself, the process that it runs in, and the runner that lists and
//! reports the results.

pub(crate) mod caught;
pub(crate) mod check;
pub(crate) mod child;
pub mod guards;
pub(crate) mod lines;
pub(crate) mod process;
pub(crate) mod report;
pub(crate) mod runner;
pub(crate) mod wait;
