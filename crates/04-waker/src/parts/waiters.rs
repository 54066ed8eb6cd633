//! The tasks that wait for room in a channel, first come, first woken. The list is behind a lock,
//! which only those take who must wait, and who wakes them: a word says whether there is anybody.

use std::{
    collections::VecDeque,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{PoisonError, atomic::Ordering::AcqRel},
    task::Waker,
};

use crate::sync::{Apart, AtomicUsize, Mutex, MutexGuard};

/// The tasks that wait.
pub(crate) struct Waiters {
    /// How many are in the list: changed under its lock, looked at without.
    waiting: Apart<AtomicUsize>,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    /// With the numbers by which they may go.
    waiting: VecDeque<(u64, Waker)>,
    last: u64,
}

/// A task's place in the list.
#[derive(Debug)]
pub(crate) struct Ticket(u64);

impl Waiters {
    pub(crate) fn new() -> Self {
        Waiters { waiting: Apart(AtomicUsize::new(0)), list: Mutex::new(List::default()) }
    }

    /// Adds a task at the end. Then it must check once more whether there is room.
    #[must_use = "without it the place is never given up"]
    pub(crate) fn enter(&self, waker: Waker) -> Ticket {
        let mut list = self.lock();
        list.last += 1;
        let number = list.last;
        list.waiting.push_back((number, waker));
        // Who makes room either sees this, or has written before it, and then the check sees the
        // room. Models: `mpsc_*`.
        self.waiting.0.fetch_add(1, AcqRel);
        Ticket(number)
    }

    /// Whether the task still waits; then this waker takes the place of its last one. If not, it
    /// has been woken, and its place is gone.
    #[must_use = "who was woken may go on"]
    pub(crate) fn still_waits(&self, ticket: &Ticket, waker: Waker) -> bool {
        let mut list = self.lock();
        let place = list.find(ticket);
        // Model: `mpsc_a_sender_that_waits_is_woken_by_its_last_waker`.
        let last = match place {
            Some(place) => mem::replace(&mut list.waiting[place].1, waker),
            None => waker,
        };
        drop(list);
        // Without the lock: it is code of a stranger.
        drop(last);
        place.is_some()
    }

    /// Gives up a place. If the task was woken meanwhile, the next one is woken in its stead.
    pub(crate) fn leave(&self, ticket: &Ticket) {
        let mut list = self.lock();
        let waker = list.find(ticket).and_then(|place| list.waiting.remove(place));
        if waker.is_some() {
            self.waiting.0.fetch_sub(1, AcqRel);
        }
        drop(list);
        if waker.is_none() {
            // Room that was made for it, and that it has not used. Model:
            // `mpsc_a_cancelled_sender_hands_its_wake_on`.
            self.wake_one();
        }
    }

    /// Whether anybody waits. To be asked when there is room for one, and followed by
    /// [`Waiters::wake_one`].
    #[inline]
    pub(crate) fn anybody(&self) -> bool {
        // It changes nothing, and is a write all the same: see `enter`. Models: `mpsc_*`.
        self.waiting.0.fetch_add(0, AcqRel) > 0
    }

    /// Wakes the first in the list, if there is one.
    #[cold]
    pub(crate) fn wake_one(&self) {
        if let Some(waker) = self.take_first() {
            waker.wake();
        }
    }

    /// Wakes all, also if one of them panics.
    pub(crate) fn wake_all(&self) {
        let mut panicked = None;
        while let Some(waker) = self.take_first() {
            // What the waker leaves behind is its own; ours is in order.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                panicked = Some(panic);
            }
        }
        if let Some(panic) = panicked {
            resume_unwind(panic);
        }
    }

    fn take_first(&self) -> Option<Waker> {
        let mut list = self.lock();
        let (_, waker) = list.waiting.pop_front()?;
        self.waiting.0.fetch_sub(1, AcqRel);
        drop(list);
        Some(waker)
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn find(&self, Ticket(number): &Ticket) -> Option<usize> {
        // In order, since each new one goes to the end.
        self.waiting.binary_search_by_key(number, |(number, _)| *number).ok()
    }
}
