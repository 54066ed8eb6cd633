//! Waiting for a condition that nobody announces, such as a count the kernel keeps: look, pause,
//! look again.

use std::{
    sync::{Condvar, Mutex},
    time::{Duration, Instant},
};

/// Waits until `reached` answers `Some`, and gives that; `None` once `patience` has passed without
/// it.
///
/// The pause between two looks only spares the processor: it orders nothing, and a condition that
/// holds already is seen at the first look.
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

/// Nobody ends it. It is not made by parking, since this may be inside a poll: whoever drives that
/// may count on the wake that a park would swallow.
fn pause() {
    let (nobody, signals) = (Mutex::new(()), Condvar::new());
    let _ = nobody.lock().map(|guard| signals.wait_timeout(guard, Duration::from_millis(2)).map(drop));
}
