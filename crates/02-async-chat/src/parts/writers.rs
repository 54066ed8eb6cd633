//! The tasks that run the writers of all connections: one for each 1,024, in which each writer is a
//! future.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use futures::{
    FutureExt, StreamExt,
    channel::mpsc::{UnboundedSender, unbounded},
    future::BoxFuture,
};

use super::census;
use crate::Runtime;

/// How many connections share a task for their writers. Fewer answer before much has gathered; with
/// more, a crowd would be written to by one processor while the others look on.
const AT_A_DESK: usize = 1024;

/// The tasks for writers.
#[derive(Debug)]
pub struct Writers<R> {
    runtime: R,
    desks: Mutex<Vec<Desk>>,
}

/// A task for writers, as whoever hands one in knows it. The task ends with its last writer, once
/// this has been dropped.
#[derive(Debug)]
struct Desk {
    admit: UnboundedSender<BoxFuture<'static, ()>>,
    /// How many writers it has; the task takes off those that have ended.
    taken: Arc<AtomicUsize>,
}

impl<R: Runtime> Writers<R> {
    /// None yet: the first writer has the first task started.
    pub fn new(runtime: R) -> Self {
        Writers { runtime, desks: Mutex::default() }
    }

    /// Runs a writer beside others, at the first desk that has a place for it.
    pub fn run(&self, writer: impl Future<Output = ()> + Send + 'static) {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        // One whose task is gone takes nobody any more.
        desks.retain(|desk| !desk.admit.is_closed());
        let free = desks.iter().position(|desk| desk.taken.load(Relaxed) < AT_A_DESK);
        let free = free.unwrap_or_else(|| {
            desks.push(Desk::start(&self.runtime));
            desks.len() - 1
        });
        desks[free].taken.fetch_add(1, Relaxed);
        // An error says that the task has gone this moment: the writer is dropped, and with it its
        // connection ends.
        let _ = desks[free].admit.unbounded_send(Box::pin(writer));
    }
}

impl Desk {
    fn start(runtime: &impl Runtime) -> Self {
        let (admit, admitted) = unbounded::<BoxFuture<'static, ()>>();
        let taken = Arc::new(AtomicUsize::new(0));
        let places = Arc::clone(&taken);
        // ANCHOR: writers
        runtime.spawn(async move {
            census::here_i_am();
            // A poll of the task polls only writers that were woken, and not always all of them:
            // once two have let others go first, it does so, too (unless one has come or ended),
            // and goes on with the rest in its next poll.
            let run = admitted.for_each_concurrent(None, |writer| {
                // A panic ends the writer in which it happens, and not the task of a thousand.
                let writer = AssertUnwindSafe(writer).catch_unwind();
                writer.map(|_| _ = places.fetch_sub(1, Relaxed))
            });
            run.await;
        });
        // ANCHOR_END: writers
        Desk { admit, taken }
    }
}
