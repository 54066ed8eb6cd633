//! Your chat server as tasks, in five steps. `cargo test -p async-chat --test exercise step-1`
//! tells how far step 1 is, and without a step how far all are. You may change whatever you like
//! but the names and arguments of the `pub` items, through which the checks reach your code.
//! Requests, the table of groups and the line codec are in `crates/chat`. The I/O traits are those
//! of `futures`; tokio runs the tasks (`tokio::spawn`) and keeps the time (`tokio::time`).

// While something is missing, something else is not used yet. Take this line out when the last step
// is written.
#![allow(unused)]

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use chat::{BadLine, Groups, Limits, LineDecoder, Member, Session};
use futures::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, Stream, StreamExt, channel::mpsc, io::BufReader,
    task::AtomicWaker,
};

// -------------------------------------------------------------------------------------------------
// Step 1: lines out of bytes. Then passes: E2.

/// The reading side of a connection.
pub struct Reader<R> {
    socket: BufReader<R>,
    decoder: LineDecoder,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads lines of at most `max_line` bytes.
    pub fn new(socket: R, max_line: usize) -> Self {
        Reader { socket: BufReader::with_capacity(4096, socket), decoder: LineDecoder::new(max_line) }
    }

    /// Waits for the next line, and gives it or what is wrong with it; the last one also if no `\n`
    /// ends it. `None` at the end of input.
    ///
    /// It may be cancelled: whoever waits for a line may drop the future before it is ready, and
    /// with it everything that only the future knew. So all that has arrived must be in `self` at
    /// every `.await`.
    ///
    /// # Errors
    ///
    /// The connection breaks.
    pub async fn read(&mut self) -> io::Result<Option<Result<String, BadLine>>> {
        todo!("step 1: fill_buf() waits; decoder.next() takes a line off what it gives; consume_unpin() what that took")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 2: the accept loop. Then passes: E12.

/// Hands each connection of `incoming` to `on_client`, until there are no more.
///
/// No error ends the loop. One that concerns a single client (`ErrorKind::ConnectionAborted`) says
/// nothing of the next client; any other, such as a lack of descriptors, comes again at once unless
/// you pause for some milliseconds (E13). Pause with the timer of the runtime: `std::thread::sleep`
/// would stop a thread, and with it the tasks of others.
pub async fn accept<C>(incoming: impl Stream<Item = io::Result<C>>, on_client: impl FnMut(C)) {
    todo!("step 2: pin!(incoming), `while let` with next().await, and a `match` without `?`")
}

// -------------------------------------------------------------------------------------------------
// Step 3: members and connections. Then pass: E1 E3 E4 E6 E9 E10 E11 E13 E14.
//
// Each connection has two tasks. Its reader reads requests, and leaves posts in the mailboxes of
// others; its writer takes what is left in its own mailbox and puts it into the socket. So whoever
// posts waits for no socket.

/// A mailbox without a bound: the two ends of a channel. Step 4 replaces these fields.
pub struct Mailbox {
    sender: mpsc::UnboundedSender<Arc<[u8]>>,
    receiver: Mutex<mpsc::UnboundedReceiver<Arc<[u8]>>>,
}

impl Mailbox {
    /// An empty mailbox. Its bounds (`limits`) are for step 4.
    pub fn new(limits: &Limits) -> Self {
        todo!("step 3: mpsc::unbounded()")
    }

    /// Leaves a line that answers this client's own request. There is nothing to wait for until
    /// step 4.
    pub async fn reply(&self, line: Arc<[u8]>) {
        todo!("step 3: unbounded_send() it; if nobody receives any more, nobody needs it")
    }

    /// Takes no more lines. What waits is still written.
    pub fn close(&self) {
        todo!("step 3: sender.close_channel()")
    }

    /// Writes what is left here to `socket`, until the mailbox is closed and empty: this is what
    /// the writer does.
    ///
    /// # Errors
    ///
    /// Those of `socket`.
    pub async fn write_to(&self, socket: impl AsyncWrite + Unpin) -> io::Result<()> {
        todo!(
            "step 3: write_all() each line; lock only for a poll: poll_fn(|cx| receiver.lock()...poll_next_unpin(cx))"
        )
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

    /// Serves each connection of `incoming`, given as what is read from and what is written to.
    pub async fn run<R, W>(self: &Arc<Self>, incoming: impl Stream<Item = io::Result<(R, W)>>)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        todo!("step 3: accept(), and serve() each client")
    }

    /// Starts the two tasks of a connection: one that hears its client, and one that writes its
    /// mailbox to the socket and then closes both. A task outlives the call that spawns it, so it
    /// owns all it needs: clones of `Arc`s.
    fn serve<R, W>(self: &Arc<Self>, read: R, write: W)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        todo!("step 3: tokio::spawn() twice, an `async move` block each")
    }

    /// Hands each line to a [`Session`], which joins, posts and leaves in the table of groups. If
    /// that gives an `Err`, its line is the reply. At the end of input closes the mailbox. A
    /// `Session` that is dropped has left all its groups.
    async fn hear(&self, socket: impl AsyncRead + Unpin, mailbox: &Arc<Mailbox>) {
        todo!("step 3: a Session, a Reader and a loop; a line goes in as line.as_deref().map_err(BadLine::clone)")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 4: a mailbox with a bound. Then pass: E5 E7 E8.
//
// 1. In place of the channel `Mailbox` gets a `Mutex` with a `chat::Backlog`, which knows when to
//    drop a post and what to say about it, and an `AtomicWaker` for each of the two tasks.
//    `deliver` posts to it, and wakes the writer. `reply` pushes to it, and first waits until there
//    is room, since a reply is never dropped. `write_to` waits until something is there, takes all
//    of it, wakes the reader, and writes it at once. No lock is held at an `.await`.
// 2. A client that has ended its input may still listen. If it is a member (`Session::is_member`),
//    `hear` calls `half_close` in place of `close`, and keeps the session until the writer, at its
//    end, has closed the mailbox.

/// Waits until `check` gives something. Whoever changes what `check` looks at wakes `waker`
/// afterwards.
async fn wait_for<T>(waker: &AtomicWaker, check: impl FnMut() -> Option<T>) -> T {
    todo!("step 4: poll_fn: register, then check. The other way round, a change in between wakes nobody")
}

impl Mailbox {
    /// The client asks no more, and listens. Its writer goes on until `Limits::half_closed` has
    /// passed without a line, since only a write could tell a client that listens from one that has
    /// gone (E14).
    fn half_close(&self) {
        todo!(
            "step 4: a phase beside the backlog: open, half-closed, closed; while half-closed, the writer has a timer"
        )
    }

    /// Waits until the mailbox is closed.
    async fn closed(&self) {
        todo!("step 4: wait_for() it; close() wakes both tasks")
    }
}

// -------------------------------------------------------------------------------------------------
// Step 5: an end in order. Then passes: E15.

impl Server {
    /// Makes [`run`](Self::run) accept no more and come to its end: it drops `incoming`, and with
    /// it the listener, closes every mailbox, waits until all writers have ended, though no longer
    /// than `Limits::drain`, and returns. Then the runtime ends, and drops the tasks that are left.
    ///
    /// This is called on a thread that is none of the runtime's. From now on a reader should end as
    /// well when its mailbox is closed: `futures::future::select` waits for whichever of two
    /// futures comes first.
    pub fn stop(&self) {
        todo!("step 5: a flag and its AtomicWaker for incoming.take_until(), and a list of the open mailboxes")
    }
}
