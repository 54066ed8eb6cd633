//! The locks of async-lock, which async-std and smol use too.

use std::{
    sync::Arc,
    task::{Context, Waker},
};

use async_lock::{Barrier, Mutex, OnceCell, RwLock, Semaphore};
use harness::{Subject, future::Tested};

/// What all of them fail, and the tests in `it/findings` that show it. A10 waits for five seconds,
/// so the default run sees it fail on one of them.
pub const EVENT_LISTENER: &[(&str, &str)] =
    &[("A10", "event_listener_clones_a_waker_under_its_lock"), ("A11", "event_listener_loses_count_in_a_panic")];

pub fn subjects() -> Vec<Subject<Tested>> {
    let mutex = || {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.try_lock_arc().expect("nobody else has the lock");
        (mutex.lock_arc(), mutex.lock_arc(), move || drop(guard))
    };
    let semaphore = || {
        let semaphore = Arc::new(Semaphore::new(0));
        (semaphore.acquire_arc(), semaphore.acquire_arc(), move || semaphore.add_permits(1))
    };
    let write = || {
        let lock = Arc::new(RwLock::new(()));
        let guard = lock.try_read_arc().expect("nobody else has the lock");
        let waiter = |lock: Arc<RwLock<()>>| async move { lock.write_arc().await };
        (waiter(lock.clone()), waiter(lock), move || drop(guard))
    };
    let read = || {
        let lock = Arc::new(RwLock::new(()));
        let guard = lock.try_write_arc().expect("nobody else has the lock");
        (async move { lock.read_arc().await }, move || drop(guard))
    };
    let barrier = || {
        let barrier = Arc::new(Barrier::new(2));
        let other = barrier.clone();
        let arrive = move || {
            let mut other = Box::pin(async move { other.wait().await });
            let _ = other.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        };
        (async move { barrier.wait().await }, arrive)
    };
    let once = || {
        let cell = Arc::new(OnceCell::new());
        let waiting = cell.clone();
        (async move { *waiting.wait().await }, move || cell.set_blocking(5).map(drop))
    };
    vec![
        Subject::new("async-lock-mutex", Tested::permits(mutex)).fails(EVENT_LISTENER).long(&["A10"]),
        Subject::new("async-lock-semaphore", Tested::permits(semaphore)).fails(EVENT_LISTENER),
        Subject::new("async-lock-rwlock-write", Tested::permits(write)).fails(EVENT_LISTENER).long(&["A10"]),
        Subject::new("async-lock-rwlock-read", Tested::waits(read)).fails(EVENT_LISTENER).long(&["A10"]),
        Subject::new("async-lock-barrier", Tested::waits(barrier)).fails(EVENT_LISTENER).long(&["A10"]),
        Subject::new("async-lock-once-cell", Tested::waits(once)).fails(EVENT_LISTENER).long(&["A10"]),
    ]
}
