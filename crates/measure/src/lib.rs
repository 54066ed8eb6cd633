#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bench;
mod median;
mod process;
mod ratio;
mod say;
mod table;
mod turns;

pub use bench::{Load, Row, compare};
pub use median::Median;
pub use process::{figure, run};
pub use ratio::{Compared, DecidedBy, Outcome, ratio};
pub use say::say;
pub use table::{Cell, Columns, markdown};
pub use turns::{Plan, Round, order};
