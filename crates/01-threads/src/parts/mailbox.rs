//! A member's mailbox: a bounded backlog, and a condition variable for the writer that waits for
//! lines.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chat::{Backlog, Limits, Member};

/// What waits for one connection. Whoever posts never waits for its socket; only the connection
/// itself can.
#[derive(Debug)]
pub struct Mailbox {
    state: Mutex<State>,
    /// There is something to write, or the phase has changed: for the writer.
    filled: Condvar,
    /// There is room again, or the phase has changed: for the reader that has a reply to leave.
    emptied: Condvar,
    half_closed: Duration,
}

#[derive(Debug)]
struct State {
    backlog: Backlog,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
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
        Mailbox {
            state: Mutex::new(state),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            half_closed: limits.half_closed,
        }
    }

    /// Leaves the answer to a request. If there is no room, waits for it: a client that does not
    /// read its answers gets no further request served, and costs nobody else anything.
    pub fn reply(&self, line: Arc<[u8]>) {
        let full = |state: &mut State| state.phase != Phase::Closed && !state.backlog.has_room_for(line.len());
        let mut state = self.emptied.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if state.phase != Phase::Closed {
            state.backlog.push(Arc::clone(&line));
            self.filled.notify_one();
        }
    }

    /// The client will ask no more.
    pub fn half_close(&self) {
        self.enter(Phase::HalfClosed);
    }

    /// The connection comes to its end: what waits is still written, and nothing is added.
    pub fn close(&self) {
        self.enter(Phase::Closed);
    }

    // ANCHOR: write_to
    /// Writes whatever waits, all of it in one write, until the mailbox is closed and empty.
    ///
    /// # Errors
    ///
    /// Those of `socket`.
    pub fn write_to(&self, socket: &mut impl Write) -> io::Result<()> {
        while let Some(batch) = self.take() {
            socket.write_all(&batch)?;
        }
        Ok(())
    }
    // ANCHOR_END: write_to

    /// Waits until something is there, and takes it all. `None` once nothing will come any more.
    fn take(&self) -> Option<Vec<u8>> {
        let mut state = self.lock();
        while state.backlog.is_empty() {
            state = match state.phase {
                Phase::Closed => return None,
                Phase::Open => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
                Phase::HalfClosed => {
                    let waited = self.filled.wait_timeout(state, self.half_closed);
                    let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() && state.backlog.is_empty() {
                        return None;
                    }
                    state
                }
            };
        }
        let mut batch = Vec::new();
        state.backlog.take(&mut batch);
        self.emptied.notify_one();
        Some(batch)
    }

    /// Enters a later phase; there is no way back.
    fn enter(&self, phase: Phase) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            state.phase = phase;
        }
        self.filled.notify_one();
        self.emptied.notify_one();
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
        // Waking somebody is a system call: it is made only for a writer that may be asleep.
        let writer_waits = state.backlog.is_empty();
        state.backlog.post(group, line);
        if writer_waits {
            self.filled.notify_one();
        }
    }
}
