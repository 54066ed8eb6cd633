//! What waits for one member: bounded in lines and bytes, with one notice for each group that lost
//! posts in a gap.

use std::{collections::VecDeque, sync::Arc};

use crate::{Limits, Reply};

/// The lines that wait to be written to one connection. It knows nothing of locks or of who is
/// waiting for it.
///
/// Once a post does not fit, an episode of lag begins: newer posts are dropped, and counted by
/// group, until everything that waits has been taken. The counts go out behind the lines that came
/// before the gap, so each stands in its gap.
#[derive(Debug)]
pub struct Backlog {
    lines: VecDeque<Arc<[u8]>>,
    bytes: usize,
    /// Dropped posts by group, in the order in which the groups lost their first one.
    lag: Vec<(String, u64)>,
    max_lines: usize,
    max_bytes: usize,
}

impl Backlog {
    /// An empty backlog with the bounds of `limits`; it allocates nothing until a line waits in it.
    pub fn new(limits: &Limits) -> Self {
        Backlog {
            lines: VecDeque::new(),
            bytes: 0,
            lag: Vec::new(),
            max_lines: limits.mailbox_lines,
            max_bytes: limits.mailbox_bytes,
        }
    }

    /// Adds a post of `group`, or drops it and counts it if it does not fit.
    pub fn post(&mut self, group: &str, line: &Arc<[u8]>) {
        if self.lag.is_empty() && self.has_room_for(line.len()) {
            self.push(Arc::clone(line));
        } else if let Some((_, dropped)) = self.lag.iter_mut().find(|(name, _)| name == group) {
            *dropped += 1;
        } else {
            self.lag.push((group.to_owned(), 1));
        }
    }

    /// Whether a line of this many bytes would fit. Any line fits into an empty backlog.
    pub fn has_room_for(&self, bytes: usize) -> bool {
        self.lines.is_empty() || self.lines.len() < self.max_lines && self.bytes + bytes <= self.max_bytes
    }

    /// Adds a line that must not be dropped: the answer to a request. Whoever adds it has seen that
    /// it fits, or else reads no further request until it does.
    pub fn push(&mut self, line: Arc<[u8]>) {
        if self.lines.capacity() == 0 {
            // One allocation for what usually gathers before it is taken, in place of three that
            // double.
            self.lines.reserve(16);
        }
        self.bytes += line.len();
        self.lines.push_back(line);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.lag.is_empty()
    }

    /// Appends everything that waits to `out`, in order, and is empty and without a buffer
    /// afterwards.
    pub fn take(&mut self, out: &mut Vec<u8>) {
        out.reserve(self.bytes);
        for line in std::mem::take(&mut self.lines) {
            out.extend_from_slice(&line);
        }
        self.bytes = 0;
        for (group, dropped) in std::mem::take(&mut self.lag) {
            out.extend_from_slice(&Reply::Error(format!("Dropped {dropped} messages from {group}.")).to_line());
        }
    }
}
