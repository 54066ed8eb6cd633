//! How many tasks there have been, so that a scene can tell.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static TASKS: AtomicUsize = AtomicUsize::new(0);

/// Said by each task of a server once, when it is first polled.
pub fn here_i_am() {
    TASKS.fetch_add(1, Relaxed);
}

/// How many tasks have said so in this process.
pub fn tasks() -> usize {
    TASKS.load(Relaxed)
}
