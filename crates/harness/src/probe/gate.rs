//! Order between threads without sleeping: a gate that one thread opens and other threads wait for,
//! and a watchdog that names a hang.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

/// The longest wait for something that should happen at once. A longer wait is reported as a hang;
/// no check judges speed.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A gate that starts closed; once opened, it stays open. Clones share one gate.
///
/// ```
/// let gate = harness::probe::Gate::new();
/// let theirs = gate.clone();
/// let thread = std::thread::spawn(move || theirs.wait());
/// gate.open();
/// thread.join().unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Gate::default()
    }

    /// Opens the gate. It cannot be closed again.
    pub fn open(&self) {
        let (open, changed) = &*self.0;
        *open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Whether the gate is open.
    pub fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the gate is open.
    ///
    /// # Panics
    ///
    /// If no thread opens it within [`PATIENCE`].
    #[track_caller]
    pub fn wait(&self) {
        assert!(self.opens_within(PATIENCE), "a hang: no thread opened the gate in {PATIENCE:?}");
    }

    /// Waits until the gate is open. `false` if it is still closed after `patience`.
    pub fn opens_within(&self, patience: Duration) -> bool {
        let (open, changed) = &*self.0;
        let open = open.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(open, patience, |open| !*open);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Guard: aborts the process with a message that names the hang, unless it is dropped in time.
///
/// ```
/// use std::time::Duration;
///
/// let watchdog = harness::probe::Watchdog::new("the channel delivers", Duration::from_secs(5));
/// // code that might hang
/// drop(watchdog);
/// ```
#[derive(Debug)]
pub struct Watchdog(
    /// The watchdog's thread waits until this sender is dropped.
    #[expect(dead_code, reason = "its drop is the message")]
    Sender<()>,
);

impl Watchdog {
    /// Starts the time limit. `what` completes the message "a hang: in 5s it was not seen that …".
    pub fn new(what: &str, limit: Duration) -> Self {
        let (alive, gone) = mpsc::channel::<()>();
        let what = what.to_owned();
        thread::spawn(move || {
            if gone.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                eprintln!("a hang: in {limit:?} it was not seen that {what}");
                std::process::abort();
            }
        });
        Watchdog(alive)
    }
}
