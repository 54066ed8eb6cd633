//! How long a check waits for a server.

use std::time::Duration;

/// The longest wait for something that should happen at once. A longer wait is reported as a hang;
/// no check judges speed.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The longest time for a server to start: its command may compile it first, or start a virtual
/// machine.
pub(super) const START: Duration = Duration::from_secs(60);

/// The longest time for a server to release a member that disconnected silently and receives no
/// posts.
pub(super) const RELEASE: Duration = Duration::from_secs(20);
