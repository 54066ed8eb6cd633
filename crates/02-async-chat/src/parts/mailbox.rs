//! A member's mailbox: a bounded backlog under a lock that is never held across an await, and the
//! wakers of the two tasks that may wait at it.

use std::{
    future::poll_fn,
    mem,
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
    /// The reader, which waits for the end all the time, and for room while it has a reply that
    /// does not fit.
    reader: AtomicWaker,
}

#[derive(Debug)]
struct State {
    backlog: Backlog,
    phase: Phase,
    /// The reader waits for room: whoever makes some wakes it.
    room_wanted: bool,
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
        let state = State { backlog: Backlog::new(limits), phase: Phase::Open, room_wanted: false };
        Mailbox { state: Mutex::new(state), filled: AtomicWaker::new(), reader: AtomicWaker::new() }
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

    /// Waits until a line fits, or the mailbox is closed. Cancel safe. Only the connection's reader
    /// may wait here.
    pub async fn room_for(&self, line: &[u8]) {
        self.until(|state| {
            state.room_wanted = state.phase != Phase::Closed && !state.backlog.has_room_for(line.len());
            !state.room_wanted
        })
        .await;
    }

    /// Waits until the mailbox is closed. Cancel safe. Only the connection's reader may wait here.
    pub async fn closed(&self) {
        self.until(|state| state.phase == Phase::Closed).await;
    }

    async fn until(&self, holds: impl Fn(&mut State) -> bool) {
        poll_fn(|cx| {
            // Register, then check: what happened before the waker was known to anybody has woken
            // nobody.
            self.reader.register(cx.waker());
            if holds(&mut self.lock()) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    // ANCHOR: poll_filled
    /// Whether something waits: `false` once the mailbox is closed and empty. Only the connection's
    /// writer may ask.
    pub fn poll_filled(&self, cx: &Context<'_>) -> Poll<bool> {
        // Register, then check: what was left before the waker was known to anybody has woken
        // nobody.
        self.filled.register(cx.waker());
        let state = self.lock();
        match (state.backlog.is_empty(), state.phase) {
            (false, _) => Poll::Ready(true),
            (true, Phase::Closed) => Poll::Ready(false),
            (true, _) => Poll::Pending,
        }
    }
    // ANCHOR_END: poll_filled

    /// Takes all that waits, as one buffer.
    pub fn take(&self) -> Vec<u8> {
        let mut batch = Vec::new();
        let mut state = self.lock();
        state.backlog.take(&mut batch);
        let room_wanted = mem::take(&mut state.room_wanted);
        drop(state);
        if room_wanted {
            self.reader.wake();
        }
        batch
    }

    /// Enters a phase; there is no way back from a later one.
    pub fn enter(&self, phase: Phase) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            state.phase = phase;
        }
        drop(state);
        self.filled.wake();
        self.reader.wake();
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
