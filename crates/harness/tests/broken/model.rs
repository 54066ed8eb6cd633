//! The state of a task that somebody has woken already, as a model: the order of memory that
//! decides whether its next poll sees what was written before yet another wake. No machine of today
//! shows the fault each time; a model does.

use loom::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
    thread,
};

const IDLE: usize = 0;
const WOKEN: usize = 1;
const POLLED: usize = 2;

/// A wake writes to the state even if it finds it woken, so that the poll that follows has
/// synchronized with it.
pub fn writes_when_woken_already() {
    loom::model(|| woken_already(|state| state.fetch_or(WOKEN, AcqRel)));
}

/// The fault: a wake that finds the task woken already has nothing to write.
pub fn only_looks_when_woken_already() {
    loom::model(|| {
        woken_already(|state| match state.load(Acquire) {
            found if found & WOKEN != 0 => found,
            _ => state.fetch_or(WOKEN, AcqRel),
        })
    });
}

/// Polls, and whether the event was seen, while another thread lets it happen and wakes.
fn woken_already(wake: fn(&AtomicUsize) -> usize) {
    let (state, happened) = (Arc::new(AtomicUsize::new(WOKEN)), Arc::new(AtomicBool::new(false)));
    let event = thread::spawn({
        let (state, happened) = (Arc::clone(&state), Arc::clone(&happened));
        move || {
            happened.store(true, Relaxed);
            wake(&state);
        }
    });
    let mut seen = false;
    while state.load(Relaxed) & WOKEN != 0 {
        state.swap(POLLED, AcqRel);
        seen = happened.load(Relaxed);
        let _ = state.compare_exchange(POLLED, IDLE, AcqRel, Acquire);
    }
    event.join().unwrap();
    let is_woken = state.load(Relaxed) & WOKEN != 0;
    assert!(seen || is_woken, "the event had happened before a wake, the last poll did not see it, and no other comes");
}
