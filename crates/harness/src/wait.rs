//! Waiting for a condition that nobody announces, such as a count the kernel keeps: look, pause, look again.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Waits until `reached` answers `Some`, and gives that; `None` once `patience` has passed without it.
///
/// The pause between two looks only spares the processor: it orders nothing, and a condition that holds already is seen
/// at the first look.
pub fn until<T>(patience: Duration, mut reached: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = reached() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::park_timeout(Duration::from_millis(2));
    }
}
