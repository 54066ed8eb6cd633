//! Probes for one's own tests of futures, wakers and executors: what counts, what panics, what
//! orders threads.

pub(crate) mod alloc;
mod canary;
mod gate;
pub(crate) mod leak;
pub(crate) mod meanwhile;
mod program;
mod task;
mod waker;

pub use canary::{Canary, Seen, canary};
pub use gate::{Gate, PATIENCE, Watchdog};
pub use program::{Program, count_lines};
pub use task::Task;
pub use waker::WakerProbe;
