//! A canary: a value inside a future that records how often it was dropped, and whether the future
//! was moved.

use std::{
    marker::PhantomPinned,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A value to put into a future under test. Its [`Seen`] reports its drops and moves.
///
/// The value itself is only a number; its record is in a table that outlives it. So a second drop
/// is counted and does not free memory twice. It is not `Unpin`, so a future that holds it is not
/// `Unpin` either.
///
/// ```
/// use harness::probe::canary;
///
/// let (canary, seen) = canary();
/// let moved = Box::new(canary);
/// assert_eq!((seen.drops(), seen.moves()), (0, 0)); // a move before the first poll is allowed
/// drop(moved);
/// assert_eq!(seen.drops(), 1);
/// ```
#[derive(Debug)]
pub struct Canary(usize, PhantomPinned);

/// Reports the drops and moves of a [`Canary`].
#[derive(Clone, Copy, Debug)]
pub struct Seen(usize);

#[derive(Clone, Copy, Default)]
struct CanaryRecord {
    /// Its address at the first call of [`Canary::polled`].
    address: Option<usize>,
    moves: usize,
    drops: usize,
}

fn records() -> MutexGuard<'static, Vec<CanaryRecord>> {
    static RECORDS: Mutex<Vec<CanaryRecord>> = Mutex::new(Vec::new());
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a canary, and the value that reports on it.
pub fn canary() -> (Canary, Seen) {
    let mut records = records();
    records.push(CanaryRecord::default());
    let number = records.len() - 1;
    (Canary(number, PhantomPinned), Seen(number))
}

impl Canary {
    /// Each poll of the future that holds the canary must call this. After the first call the
    /// canary must not move.
    pub fn polled(&self) {
        let here = std::ptr::from_ref(self).addr();
        self.look(|record| {
            record.address.get_or_insert(here);
        });
    }

    fn look(&self, note: impl FnOnce(&mut CanaryRecord)) {
        let here = std::ptr::from_ref(self).addr();
        let mut records = records();
        let record = &mut records[self.0];
        if record.address.is_some_and(|address| address != here) {
            record.moves += 1;
        }
        note(record);
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.look(|record| record.drops += 1);
    }
}

impl Seen {
    /// The number of drops.
    pub fn drops(&self) -> usize {
        records()[self.0].drops
    }

    /// The number of polls and drops at another address than that of the first poll.
    pub fn moves(&self) -> usize {
        records()[self.0].moves
    }
}
