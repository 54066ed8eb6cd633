//! What the chat asks of a runtime: to start a task, and to wait for a while. Everything else it
//! does itself.

use std::{future::Future, time::Duration};

/// A runtime, as far as a chat server needs to know it.
pub trait Runtime: Clone + Send + Sync + 'static {
    /// Starts a task that nobody waits for. It goes on when this returns, whoever called it.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static;
}
