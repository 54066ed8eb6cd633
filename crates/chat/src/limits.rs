//! Every bound that a server keeps, in one place, with the values it has unless a flag says
//! otherwise.

use std::time::Duration;

/// The bounds of a server. What a bound protects against stands beside it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request's line, its ending not counted: against a client that never sends `\n`.
    pub line_bytes: usize,
    /// Lines that may wait for one member: against a member that reads too slowly.
    pub mailbox_lines: usize,
    /// Bytes that may wait for one member. A single line always fits into an empty mailbox.
    pub mailbox_bytes: usize,
    /// Groups that one connection may be a member of at a time: against a client that joins without
    /// end.
    pub groups_per_member: usize,
    /// Bytes of a group's name. With the bound above it also bounds what a notice of lag may have
    /// to remember.
    pub group_name_bytes: usize,
    /// Connections at a time; the next one gets an `Error` line and is closed.
    pub connections: usize,
    /// How long a member that has half-closed is kept while nothing is posted to it. TCP cannot
    /// tell a client that only stopped sending from one that is gone; a post can, and where none
    /// comes, this does.
    pub half_closed: Duration,
    /// How long a stopping server tries to write what waits in its mailboxes.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line_bytes: 64 * 1024,
            mailbox_lines: 1024,
            mailbox_bytes: 256 * 1024,
            groups_per_member: 1000,
            group_name_bytes: 256,
            connections: 4096,
            half_closed: Duration::from_secs(5),
            drain: Duration::from_secs(2),
        }
    }
}
