//! Part C of the contract: what an executor must do. [`CHECKS`] is the list, [`Tested`] a subject, [`Executor`] what its
//! adapter implements.

mod adapter;
mod handle;
mod policies;

pub use adapter::{Executor, Job, LocalJob, LocalWork, Work, turns};
pub use handle::{End, Handle, Output, Spawner};
pub use policies::{DroppedHandle, Nested, Panics, Policies};

pub use crate::waker::Tested;
