//! A model of a task's state word. A task is woken, and before its poll another thread lets an
//! event happen and wakes it again. The memory ordering of that second wake decides whether the
//! poll sees the event. No machine shows a wrong ordering each time; the model tries all orders
//! that loom knows.

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

/// Right: a wake writes to the state even if the task is woken already. The poll that follows
/// synchronizes with that write.
pub fn writes_when_woken() {
    loom::model(|| wake_a_woken_task(|state| state.fetch_or(WOKEN, AcqRel)));
}

/// Wrong: a wake that finds the task woken already writes nothing.
pub fn only_looks_when_woken() {
    loom::model(|| {
        wake_a_woken_task(|state| match state.load(Acquire) {
            found if found & WOKEN != 0 => found,
            _ => state.fetch_or(WOKEN, AcqRel),
        })
    });
}

/// Polls a woken task while another thread lets the event happen and wakes it. Panics if the last
/// poll missed the event.
fn wake_a_woken_task(wake: fn(&AtomicUsize) -> usize) {
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
    assert!(seen || is_woken, "the event happened before a wake, the last poll missed it, and no poll follows");
}
