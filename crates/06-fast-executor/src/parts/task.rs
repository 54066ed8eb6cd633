//! A task: one future, the word that says how far it is, its waker and its join handle. It is one
//! allocation, whatever the future is. A wake makes no other, unless the queue that it goes into
//! needs more room.

pub(crate) mod cell;
mod error;
mod join;
mod state;
mod waker;

pub(crate) use cell::{Joining, Task};
pub use error::JoinError;
pub use join::{AbortHandle, JoinHandle};
pub(crate) use state::{Pending, Start};

/// Where tasks go that are woken: a run queue.
pub trait Schedule: Send + Sync + 'static {
    /// Queues a task, which is not in the queue yet, and sees to it that somebody runs it. Called
    /// on any thread, also while a lock of whoever wakes is held: it polls nothing, and drops no
    /// future.
    fn schedule(&self, woken: Woken);

    /// Nobody runs its tasks any more: lets go of all entries, and of those that are still to come.
    fn close(&self);
}

/// An entry of a run queue: a task that was woken, and is to be [run](super::owner::Owner::run) by
/// its owner. It may pass through any thread. Dropped, it takes the wake along: that is for a queue
/// whose owner has gone.
pub struct Woken(pub(crate) Task);
