//! A park with a deadline: it ends by whichever comes first, and an unpark that nobody slept for is
//! there for the next.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use lesson_waker::s8_parker::Parker;

/// So far away that to wait for it would be noticed.
fn never() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

#[test]
fn an_unpark_ends_it_before_and_during_the_sleep() {
    let parker = Parker::new();
    parker.unparker().unpark();
    parker.park_until(never());
    let unparker = Arc::clone(parker.unparker());
    let thread = thread::spawn(move || unparker.unpark());
    parker.park_until(never());
    thread.join().unwrap();
}

#[test]
fn the_deadline_ends_it_and_nothing_else_that_unparks_the_thread() {
    let parker = Parker::new();
    let deadline = Instant::now() + Duration::from_millis(5);
    thread::current().unpark();
    parker.park_until(deadline);
    assert!(Instant::now() >= deadline);
    // It is over already: nobody sleeps, and no unpark is made up.
    parker.park_until(deadline);
    parker.unparker().unpark();
    parker.park();
}
