//! The tasks that run the writers of all connections: one for each 1,024, in which each writer is a future.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
};

use futures::{
    StreamExt,
    channel::mpsc::{UnboundedSender, unbounded},
    future::BoxFuture,
};

use super::census;
use crate::Runtime;

/// How many connections share a task for their writers. Fewer answer before much has gathered; with more, a crowd
/// would be written to by one processor while the others look on.
const AT_A_DESK: usize = 1024;

/// The tasks for writers. The newest one has places left.
#[derive(Debug)]
pub struct Writers<R> {
    runtime: R,
    newest: Mutex<Desk>,
}

/// A task for writers, as whoever hands one in knows it. The task ends with its last writer, once this has been dropped.
#[derive(Debug)]
struct Desk {
    admit: UnboundedSender<BoxFuture<'static, ()>>,
    places: usize,
}

impl<R: Runtime> Writers<R> {
    /// Starts the first of the tasks.
    pub fn new(runtime: R) -> Self {
        let newest = Mutex::new(Desk::start(&runtime));
        Writers { runtime, newest }
    }

    /// Runs a writer beside others.
    pub fn run(&self, writer: impl Future<Output = ()> + Send + 'static) {
        let mut desk = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if desk.places == 0 {
            *desk = Desk::start(&self.runtime);
        }
        desk.places -= 1;
        // The only error is that the task is gone, and then so is its runtime.
        let _ = desk.admit.unbounded_send(Box::pin(writer));
    }
}

impl Desk {
    fn start(runtime: &impl Runtime) -> Self {
        let (admit, admitted) = unbounded::<BoxFuture<'static, ()>>();
        // ANCHOR: writers
        runtime.spawn(async {
            census::here_i_am();
            // Of all these futures, a poll of the task polls those that were woken, and no other.
            admitted.for_each_concurrent(None, |writer| writer).await;
        });
        // ANCHOR_END: writers
        Desk { admit, places: AT_A_DESK }
    }
}
