//! Who is connected: how many may be, and how all of them are brought to an end.

use std::{
    collections::HashMap,
    fs,
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::parts::mailbox::Mailbox;

/// The connections that are open now.
#[derive(Debug)]
pub struct Crew {
    seats: Mutex<Seats>,
    left: Condvar,
    most: usize,
}

#[derive(Debug, Default)]
struct Seats {
    next: u64,
    taken: HashMap<u64, (Arc<TcpStream>, Arc<Mailbox>)>,
}

/// A connection's place in the crew, which it leaves when this is dropped.
#[derive(Debug)]
pub struct Seat<'crew> {
    crew: &'crew Crew,
    number: u64,
    mailbox: Arc<Mailbox>,
}

impl Crew {
    /// A crew of at most `most` connections.
    pub fn new(most: usize) -> Self {
        Crew { seats: Mutex::default(), left: Condvar::new(), most }
    }

    /// Takes a seat, if there is one.
    pub fn enter(&self, stream: &Arc<TcpStream>, mailbox: Mailbox) -> Option<Seat<'_>> {
        let mut seats = self.lock();
        if seats.taken.len() >= self.most {
            return None;
        }
        let (number, mailbox) = (seats.next, Arc::new(mailbox));
        seats.next += 1;
        seats.taken.insert(number, (Arc::clone(stream), Arc::clone(&mailbox)));
        Some(Seat { crew: self, number, mailbox })
    }

    /// Closes every mailbox and waits until all have left; those who have not after `patience` lose
    /// their socket.
    pub fn drain(&self, patience: Duration) {
        let seats = self.lock();
        seats.taken.values().for_each(|(_, mailbox)| mailbox.close());
        let waited = self.left.wait_timeout_while(seats, patience, |seats| !seats.taken.is_empty());
        let (seats, _) = waited.unwrap_or_else(PoisonError::into_inner);
        for (stream, _) in seats.taken.values() {
            // Ends a read or a write that waits on it, with an error.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat<'_> {
    /// The mailbox of this connection.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        // Even if the reader has panicked, its writer must not wait for ever.
        self.mailbox.close();
        self.crew.lock().taken.remove(&self.number);
        self.crew.left.notify_all();
    }
}

/// Memory mappings of a thread that std starts: its stack and the stack on which an overflow is
/// handled, and the guard page of each.
pub const MAPPINGS_A_THREAD: usize = 4;

/// How many connections of two threads each this process may have. The kernel bounds the number of
/// mappings, and std does not return an error but aborts if a new thread finds none left for its
/// overflow handler: so stay a tenth below.
pub fn most_connections() -> usize {
    let most_mappings = fs::read_to_string("/proc/sys/vm/max_map_count").ok();
    // Where there is no such file there is no such bound either, as far as we know.
    let most_mappings = most_mappings.and_then(|text| text.trim().parse().ok()).unwrap_or(usize::MAX);
    most_mappings / MAPPINGS_A_THREAD / 2 / 10 * 9
}
