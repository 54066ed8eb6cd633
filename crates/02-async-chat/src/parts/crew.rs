//! Who is connected: how many may be, and how all of them are brought to an end.

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use futures::task::AtomicWaker;

use super::mailbox::{Mailbox, Phase};

/// The connections that are open now.
#[derive(Debug)]
pub struct Crew {
    seats: Mutex<Seats>,
    left: AtomicWaker,
    most: usize,
}

#[derive(Debug, Default)]
struct Seats {
    next: u64,
    taken: HashMap<u64, Arc<Mailbox>>,
}

/// A hold on a connection's place in the crew. Each of its two sides has one; whichever drops its
/// own first, be it by a panic, closes the mailbox, so that the other side ends, too. With the last
/// hold the connection leaves the crew.
#[derive(Clone, Debug)]
pub struct Seat(Arc<Place>);

#[derive(Debug)]
struct Place {
    crew: Arc<Crew>,
    number: u64,
    mailbox: Arc<Mailbox>,
}

impl Crew {
    /// A crew of at most `most` connections.
    pub fn new(most: usize) -> Self {
        Crew { seats: Mutex::default(), left: AtomicWaker::new(), most }
    }

    /// Takes a seat, if there is one.
    pub fn enter(self: &Arc<Self>, mailbox: Mailbox) -> Option<Seat> {
        let mut seats = self.lock();
        if seats.taken.len() >= self.most {
            return None;
        }
        let (number, mailbox) = (seats.next, Arc::new(mailbox));
        seats.next += 1;
        seats.taken.insert(number, Arc::clone(&mailbox));
        Some(Seat(Arc::new(Place { crew: Arc::clone(self), number, mailbox })))
    }

    /// Closes every mailbox, so that each connection ends once it has written what waits.
    pub fn close(&self) {
        let mailboxes: Vec<Arc<Mailbox>> = self.lock().taken.values().cloned().collect();
        mailboxes.iter().for_each(|mailbox| mailbox.enter(Phase::Closed));
    }

    /// Waits until all have left.
    pub async fn all_left(&self) {
        poll_fn(|cx| {
            self.left.register(cx.waker());
            if self.lock().taken.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// The mailbox of this connection.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.0.mailbox
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.mailbox().enter(Phase::Closed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let last = {
            let mut seats = self.crew.lock();
            seats.taken.remove(&self.number);
            seats.taken.is_empty()
        };
        if last {
            self.crew.left.wake();
        }
    }
}
