//! Your chat server on threads, in five steps. `cargo test -p threads --test exercise step-1` tells
//! how far step 1 is, and without a step how far all are. You may change whatever you like but the
//! names and arguments of the `pub` items, through which the checks reach your code. Requests, the
//! table of groups and the line codec are in `crates/chat`.

// While something is missing, something else is not used yet. Take this line out when the last step
// is written.
#![allow(unused)]

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
};

use chat::{BadLine, Groups, Limits, LineDecoder, Member, Session};

// -------------------------------------------------------------------------------------------------
// Step 1: lines out of bytes. Then passes: E2.

/// Reads `stream` until its end, and calls `on_line` with each line of at most `max_line` bytes, or
/// with what is wrong with it; with the last one also if no `\n` ends it.
///
/// # Errors
///
/// The stream breaks. That a read is interrupted (`ErrorKind::Interrupted`) is no error: read
/// again.
pub fn read_lines(stream: impl Read, max_line: usize, on_line: impl FnMut(Result<&str, BadLine>)) -> io::Result<()> {
    todo!("step 1: feed each read to one LineDecoder until it gives None; finish() it at the end")
}

// -------------------------------------------------------------------------------------------------
// Step 2: the accept loop. Then passes: E12.

/// Hands each connection of `incoming` to `on_client`, until there are no more.
///
/// No error ends the loop. One that concerns a single client (`ErrorKind::ConnectionAborted`) says
/// nothing of the next client; any other, such as a lack of descriptors, comes again at once unless
/// you pause for some milliseconds (E13).
pub fn accept(incoming: impl Iterator<Item = io::Result<TcpStream>>, on_client: impl FnMut(TcpStream)) {
    todo!("step 2: a `for` loop and a `match`, without `?`")
}

// -------------------------------------------------------------------------------------------------
// Step 3: members and connections. Then pass: E1 E3 E4 E6 E9 E10 E11 E13 E14.
//
// Each connection has two threads. Its reader reads requests, and leaves posts in the mailboxes of
// others; its writer takes what is left in its own mailbox and puts it into the socket. So whoever
// posts waits for no socket.

/// A mailbox without a bound: a channel, in which `None` stands for the end. Step 4 replaces these
/// fields.
pub struct Mailbox {
    sender: mpsc::Sender<Option<Arc<[u8]>>>,
    receiver: Mutex<mpsc::Receiver<Option<Arc<[u8]>>>>,
}

impl Mailbox {
    /// An empty mailbox. Its bounds (`limits`) are for step 4.
    pub fn new(limits: &Limits) -> Self {
        todo!("step 3: the two ends of an mpsc::channel()")
    }

    /// Leaves a line that answers this client's own request.
    pub fn reply(&self, line: Arc<[u8]>) {
        todo!("step 3: send it; if nobody receives any more, nobody needs it")
    }

    /// Takes no more lines. What waits is still written.
    pub fn close(&self) {
        todo!("step 3: send the end")
    }

    /// Writes what is left here to `socket`, until the mailbox is closed and empty: this is what
    /// the writer does.
    ///
    /// # Errors
    ///
    /// Those of `socket`.
    pub fn write_to(&self, socket: impl Write) -> io::Result<()> {
        todo!("step 3: receive and write_all(), until the end is received")
    }
}

impl Member for Mailbox {
    /// Leaves a post of `group`. The table of groups is locked meanwhile, so this waits for
    /// nothing.
    fn deliver(&self, group: &str, line: &Arc<[u8]>) {
        todo!("step 3: send it, as a reply; all members share the bytes")
    }
}

/// The chat server.
pub struct Server {
    groups: Arc<Groups<Mailbox>>,
    limits: Limits,
}

impl Server {
    /// A server that nobody has connected to yet.
    pub fn new(limits: Limits) -> Self {
        Server { groups: Arc::default(), limits }
    }

    /// Serves each connection of `incoming` on a thread of its own, and returns when all of them
    /// have ended.
    ///
    /// Where `thread::spawn` panics because there are no more threads, `std::thread::Builder` gives
    /// an error: that one client is not served, and the server goes on.
    pub fn run(&self, incoming: impl Iterator<Item = io::Result<TcpStream>>) {
        todo!("step 3: accept() in a thread::scope, and spawn_scoped() a thread that serves each client")
    }

    /// Serves one connection until its end: starts its writer and is itself its reader.
    ///
    /// The reader hands each line to a [`Session`], which joins, posts and leaves in the table of
    /// groups. If that gives an `Err`, its line goes into the client's own mailbox. At the end of
    /// input the reader closes the mailbox.
    ///
    /// The writer, when all is written, shuts down its side of the socket (`Shutdown::Write`): the
    /// client sees the end, and ends its own side, for which the reader waits. After an error it
    /// shuts down both. A `Session` that is dropped has left all its groups.
    fn serve(&self, stream: &TcpStream, mailbox: &Arc<Mailbox>) {
        todo!("step 3: spawn the writer in a thread::scope; both threads can use the &TcpStream")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 4: a mailbox with a bound. Then pass: E5 E7 E8.
//
// 1. In place of the channel `Mailbox` gets a `Mutex` with a `chat::Backlog`, and a `Condvar`. The
//    backlog knows when to drop a post, and what to say about it. `deliver` posts to it. `reply`
//    pushes to it, and first waits until there is room, since a reply is never dropped. `write_to`
//    takes all that waits, unlocks, and writes it at once.
// 2. A client that has ended its input may still listen. If it is a member (`Session::is_member`),
//    `serve` calls `half_close` in place of `close`, and keeps the session until the writer has
//    ended.

impl Mailbox {
    /// The client asks no more, and listens. Its writer goes on until `Limits::half_closed` has
    /// passed without a line, since only a write could tell a client that listens from one that has
    /// gone (E14).
    pub fn half_close(&self) {
        todo!("step 4: beside the backlog stands open, half-closed or closed; wake who waits when it changes")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 5: an end in order. Then passes: E15.

impl Server {
    /// Makes [`run`](Self::run) accept no more and come to its end: it closes every mailbox, waits
    /// until all connections have ended, though no longer than `Limits::drain`, shuts down the
    /// sockets of those that have not, and returns.
    ///
    /// An accept that waits on `listener` ends, with an error, when the listener is shut down (std
    /// has no name for that): `socket2::SockRef::from(listener).shutdown(Shutdown::Both)`.
    pub fn stop(&self, listener: &TcpListener) {
        todo!("step 5: a flag that ends `incoming`, and a list of the open connections")
    }
}
