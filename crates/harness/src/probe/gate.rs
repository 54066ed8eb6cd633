//! Order between threads without sleeping: a gate that one opens and others wait at, and a watchdog
//! that names a hang.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

/// How long anything may take that should happen at once. Longer than this is called a hang, and
/// nothing is measured.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A gate: closed at first, open for ever once somebody has opened it. A clone is the same gate.
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

    /// Opens it, for ever.
    pub fn open(&self) {
        let (open, changed) = &*self.0;
        *open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is open.
    ///
    /// # Panics
    ///
    /// If nobody opens it within [`PATIENCE`].
    #[track_caller]
    pub fn wait(&self) {
        assert!(self.opens_within(PATIENCE), "a hang: nobody opened the gate in {PATIENCE:?}");
    }

    /// Waits until it is open; `false` if it still is not once `patience` has passed.
    pub fn opens_within(&self, patience: Duration) -> bool {
        let (open, changed) = &*self.0;
        let open = open.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(open, patience, |open| !*open);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Ends the process with a name for the hang, unless it is dropped in time.
///
/// ```
/// use std::time::Duration;
///
/// let watchdog = harness::probe::Watchdog::new("the channel delivers", Duration::from_secs(5));
/// // what might hang
/// drop(watchdog);
/// ```
#[derive(Debug)]
pub struct Watchdog(
    /// Dropped with the watchdog, which is what its thread waits for.
    #[expect(dead_code, reason = "its drop is the message")]
    Sender<()>,
);

impl Watchdog {
    /// From now on there are `limit` for what must happen: `what`.
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
