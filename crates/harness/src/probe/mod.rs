//! Probes for your own tests of futures, wakers and executors: they count operations, panic on
//! request, and order the events of two threads.

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
