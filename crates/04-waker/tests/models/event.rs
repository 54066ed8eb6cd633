//! The event of stages 6 and 7 is never missed. That of stage 5 is, and its model must fail.

use std::sync::Arc;

use lesson_waker::{s5_lost_wakeup, s6_event, s7_event};
use loom::thread;

use super::tools::block_on;

/// The model that `guards` sees fail: its thread ends, and the one that waits sleeps on.
#[test]
#[ignore = "it must fail: run by the guards"]
fn event_lost_wakeup_must_fail() {
    loom::model(|| {
        let event = Arc::new(s5_lost_wakeup::Event::new());
        let setter = Arc::clone(&event);
        let thread = thread::spawn(move || setter.set());
        block_on(event.wait());
        thread.join().unwrap();
    });
}

#[test]
fn event_behind_a_mutex() {
    loom::model(|| {
        let event = Arc::new(s6_event::Event::new());
        let setter = Arc::clone(&event);
        let thread = thread::spawn(move || setter.set());
        block_on(event.wait());
        thread.join().unwrap();
    });
}

// ANCHOR: model
#[test]
fn event_over_an_atomic_waker() {
    loom::model(|| {
        let event = Arc::new(s7_event::Event::new());
        let setter = Arc::clone(&event);
        let thread = thread::spawn(move || setter.set());
        block_on(event.wait());
        thread.join().unwrap();
    });
}
// ANCHOR_END: model
