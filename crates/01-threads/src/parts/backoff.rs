//! Pauses between attempts that fail, and the stop signal that cuts them short.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Pauses that double from 1 ms to 100 ms: short enough to recover before anybody notices, long
/// enough to cost nothing for as long as descriptors are lacking.
#[derive(Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(Duration::from_millis(1))
    }
}

impl Backoff {
    /// How long to pause this time.
    pub fn pause(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Duration::from_millis(100));
        pause
    }
}

/// Set once, when the server shall stop.
#[derive(Debug, Default)]
pub struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Sets it, and ends every [`wait`](Self::wait).
    pub fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether it has been set.
    pub fn is_set(&self) -> bool {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `pause`, or until it is set.
    pub fn wait(&self, pause: Duration) {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether it was set or the time is over makes no difference to whoever waits.
        drop(self.changed.wait_timeout_while(set, pause, |set| !*set));
    }
}
