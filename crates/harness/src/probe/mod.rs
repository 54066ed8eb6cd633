//! Probes for one's own tests of futures, wakers and executors: what counts, what panics, what
//! orders threads.

mod canary;
mod gate;
mod task;
mod waker;

pub use canary::{Canary, Seen, canary};
pub use gate::{Gate, PATIENCE, Watchdog};
pub use task::Task;
pub use waker::WakerProbe;
