//! What the executors report to a recording: the run queue and the driver's turns. Scenes wrap
//! their futures in `Traced`, which reports everything else: polls, wakes and the use of wakers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use lesson_waker::parts::event::emit;
use tracing::trace;

/// Returns a number that no other task of this process has. Numbers start at 1.
pub(crate) fn next_task() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Relaxed) + 1
}

/// The task is about to enter the run queue (`enqueue`), or has left it (`dequeue`).
pub(crate) fn queue(event: &'static str, task: u64) {
    emit(move || trace!(target: "executor", event, task));
}

/// The driver has a turn between two polls, because one is due.
pub(crate) fn turn() {
    emit(|| trace!(target: "executor", event = "turn"));
}
