//! A member's mailbox: a bounded backlog under a lock that is never held across an await, and the wakers of the two
//! tasks that may wait at it.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use chat::{Backlog, Limits, Member};
use futures::task::AtomicWaker;

/// What waits for one connection. Whoever posts leaves a reference and goes on.
#[derive(Debug)]
pub struct Mailbox {
    state: Mutex<State>,
    /// The writer, while the mailbox is empty.
    filled: AtomicWaker,
    /// The reader, while it has a reply that does not fit.
    emptied: AtomicWaker,
}

#[derive(Debug)]
struct State {
    backlog: Backlog,
    phase: Phase,
}

/// How far a connection has come to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// The client may ask and hear.
    Open,
    /// The client asks no more; it hears, until it has been quiet for too long.
    HalfClosed,
    /// Nothing is taken any more, and the writer ends once it has written what waits.
    Closed,
}

impl Mailbox {
    /// An empty mailbox with the bounds of `limits`.
    pub fn new(limits: &Limits) -> Self {
        let state = State { backlog: Backlog::new(limits), phase: Phase::Open };
        Mailbox { state: Mutex::new(state), filled: AtomicWaker::new(), emptied: AtomicWaker::new() }
    }

    /// Leaves the answer to a request. Gives it back if there is no room for it.
    ///
    /// # Errors
    ///
    /// The line, to be left again after [`room_for`](Self::room_for).
    pub fn reply(&self, line: Arc<[u8]>) -> Result<(), Arc<[u8]>> {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            return Ok(());
        }
        if !state.backlog.has_room_for(line.len()) {
            return Err(line);
        }
        state.backlog.push(line);
        drop(state);
        self.filled.wake();
        Ok(())
    }

    /// Waits until a line fits, or the mailbox is closed. Cancel safe. Only the connection's reader may wait here.
    pub async fn room_for(&self, line: &[u8]) {
        self.until(|state| state.phase == Phase::Closed || state.backlog.has_room_for(line.len())).await;
    }

    /// Waits until the mailbox is closed. Cancel safe. Only the connection's reader may wait here.
    pub async fn closed(&self) {
        self.until(|state| state.phase == Phase::Closed).await;
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        poll_fn(|cx| {
            if holds(&self.lock()) {
                return Poll::Ready(());
            }
            self.emptied.register(cx.waker());
            // What happened before the waker was known to anybody has woken nobody: look again.
            if holds(&self.lock()) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    // ANCHOR: poll_take
    /// Takes all that waits, as one buffer; `Ready(None)` once the mailbox is closed and empty.
    pub fn poll_take(&self, cx: &Context<'_>) -> Poll<Option<Vec<u8>>> {
        if let Some(taken) = self.take() {
            return Poll::Ready(taken);
        }
        self.filled.register(cx.waker());
        match self.take() {
            Some(taken) => Poll::Ready(taken),
            None => Poll::Pending,
        }
    }
    // ANCHOR_END: poll_take

    fn take(&self) -> Option<Option<Vec<u8>>> {
        let mut state = self.lock();
        if state.backlog.is_empty() {
            return (state.phase == Phase::Closed).then_some(None);
        }
        let mut batch = Vec::new();
        state.backlog.take(&mut batch);
        drop(state);
        self.emptied.wake();
        Some(Some(batch))
    }

    /// Enters a phase; there is no way back from a later one.
    pub fn enter(&self, phase: Phase) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            state.phase = phase;
        }
        drop(state);
        self.filled.wake();
        self.emptied.wake();
    }

    /// The phase it is in.
    pub fn phase(&self) -> Phase {
        self.lock().phase
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member for Mailbox {
    fn deliver(&self, group: &str, line: &Arc<[u8]>) {
        let mut state = self.lock();
        if state.phase == Phase::Closed {
            return;
        }
        // The writer waits only while the mailbox is empty.
        let writer_waits = state.backlog.is_empty();
        state.backlog.post(group, line);
        drop(state);
        if writer_waits {
            self.filled.wake();
        }
    }
}
