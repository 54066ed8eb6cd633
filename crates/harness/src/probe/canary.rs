//! A canary: a value inside a future that tells how often it was dropped, and whether the future
//! was moved.

use std::{
    marker::PhantomPinned,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A value to be put into what is tested. What happens to it, its [`Seen`] tells.
///
/// It is only a number: what it has seen stands in a table that outlives it, so that a second drop
/// is counted, where any other value would be freed twice. It is not `Unpin`, and neither is a
/// future that holds one.
///
/// ```
/// use harness::probe::canary;
///
/// let (canary, seen) = canary();
/// let moved = Box::new(canary);
/// assert_eq!((seen.drops(), seen.moves()), (0, 0)); // nobody had polled it yet
/// drop(moved);
/// assert_eq!(seen.drops(), 1);
/// ```
#[derive(Debug)]
pub struct Canary(usize, PhantomPinned);

/// What happened to a [`Canary`].
#[derive(Clone, Copy, Debug)]
pub struct Seen(usize);

#[derive(Clone, Copy, Default)]
struct Life {
    /// Where it was at the first call of [`Canary::polled`].
    address: Option<usize>,
    moves: usize,
    drops: usize,
}

fn lives() -> MutexGuard<'static, Vec<Life>> {
    static LIVES: Mutex<Vec<Life>> = Mutex::new(Vec::new());
    LIVES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A canary, and what will tell of it.
pub fn canary() -> (Canary, Seen) {
    let mut lives = lives();
    lives.push(Life::default());
    let number = lives.len() - 1;
    (Canary(number, PhantomPinned), Seen(number))
}

impl Canary {
    /// To be called by each poll of the future that holds it: from the first call on it must stay
    /// where it is.
    pub fn polled(&self) {
        let here = std::ptr::from_ref(self).addr();
        self.look(|life| {
            life.address.get_or_insert(here);
        });
    }

    fn look(&self, note: impl FnOnce(&mut Life)) {
        let here = std::ptr::from_ref(self).addr();
        let mut lives = lives();
        let life = &mut lives[self.0];
        if life.address.is_some_and(|address| address != here) {
            life.moves += 1;
        }
        note(life);
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.look(|life| life.drops += 1);
    }
}

impl Seen {
    /// How often it was dropped.
    pub fn drops(&self) -> usize {
        lives()[self.0].drops
    }

    /// How often it was polled or dropped elsewhere than where it was polled first.
    pub fn moves(&self) -> usize {
        lives()[self.0].moves
    }
}
