//! A task in one allocation: a future, a word that holds its state, its waker and its join handle.
//! A wake does not allocate, unless the run queue needs more room.

pub(crate) mod cell;
mod contents;
mod join;
mod run;
mod schedule;
mod state;
mod waker;

pub(crate) use cell::{ListLinks, TaskRef};
pub use join::{AbortHandle, JoinHandle};
pub(crate) use run::{run, shut_down};
pub use schedule::{Schedule, ScheduledTask};
pub(crate) use state::StartStep;
