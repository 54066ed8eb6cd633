//! Waits for a condition that causes no event, such as a counter of the kernel, by testing it again
//! and again.

use std::{
    sync::{Condvar, Mutex},
    time::{Duration, Instant},
};

/// Calls `reached` until it returns `Some`, and returns that value. Returns `None` if this takes
/// longer than `patience`.
///
/// The pause between two calls only saves processor time. It orders no events, and there is no
/// pause before the first call.
pub fn until<T>(patience: Duration, mut reached: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = reached() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        pause();
    }
}

/// Blocks for two milliseconds, on a condition variable that no thread notifies. `park_timeout`
/// would be wrong here: if the caller is inside a poll, it would consume the `unpark` that is meant
/// for the executor.
fn pause() {
    let (nobody, signals) = (Mutex::new(()), Condvar::new());
    let _ = nobody.lock().map(|guard| signals.wait_timeout(guard, Duration::from_millis(2)).map(drop));
}
