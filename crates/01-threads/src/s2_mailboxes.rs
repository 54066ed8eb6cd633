//! Stage 2: the server that nobody can stop. Whoever posts only leaves a reference in each member's
//! mailbox; a writer a connection takes it from there. The accept loop outlives every error, and
//! counts whom it lets in.

use std::{
    io::{self, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread::{self, Scope},
};

use chat::{Groups, Limits, Reply, Session};
use tracing::{debug, info, warn};

use crate::parts::{
    backoff::{Backoff, Stop},
    crew::{Crew, Seat, most_connections},
    mailbox::Mailbox,
    reader::read_lines,
};

/// A server, ready to [`run`](Self::run).
#[derive(Debug)]
pub struct Server {
    groups: Arc<Groups<Mailbox>>,
    limits: Limits,
    crew: Crew,
    stop: Stop,
}

impl Server {
    /// A server with these limits, and no more connections than threads can be made for.
    pub fn new(limits: Limits) -> Self {
        let connections = limits.connections.min(most_connections());
        if connections < limits.connections {
            warn!(target: "threads", connections, "fewer connections than asked for: each takes two threads, and std aborts out of them");
        }
        let limits = Limits { connections, ..limits };
        Server { groups: Arc::default(), crew: Crew::new(connections), stop: Stop::default(), limits }
    }

    /// Serves the connections of `incoming` until [`stop`](Self::stop) is called or there are no
    /// more; then writes what waits, for as long as the limits allow, and returns once every thread
    /// of every connection has ended.
    pub fn run(&self, incoming: impl Iterator<Item = io::Result<TcpStream>>) {
        thread::scope(|scope| {
            self.accept(scope, incoming);
            self.crew.drain(self.limits.drain);
        });
        info!(target: "threads", "every connection has ended");
    }

    /// Makes [`run`](Self::run) stop accepting on `listener`, and come to its end.
    pub fn stop(&self, listener: &TcpListener) {
        self.stop.set();
        // On Linux this ends the accept that waits, with an error; a connection to ourselves would
        // need a descriptor.
        let _ = socket2::SockRef::from(listener).shutdown(Shutdown::Both);
    }

    // ANCHOR: accept
    fn accept<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        incoming: impl Iterator<Item = io::Result<TcpStream>>,
    ) {
        let mut backoff = Backoff::default();
        for stream in incoming {
            match stream {
                _ if self.stop.is_set() => break,
                Ok(stream) => {
                    backoff = Backoff::default();
                    self.admit(scope, stream);
                }
                Err(error) if concerns_one_client(&error) => {
                    debug!(target: "threads", %error, "a client gave up before it was accepted")
                }
                Err(error) => {
                    let pause = backoff.pause();
                    warn!(target: "threads", %error, ?pause, "cannot accept");
                    self.stop.wait(pause);
                }
            }
        }
    }
    // ANCHOR_END: accept

    /// Gives a connection a seat and a thread, or tells it why it gets none.
    fn admit<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, stream: TcpStream) {
        let stream = Arc::new(stream);
        // A post is one write; waiting for more to send with it (Nagle's algorithm) would only
        // delay it.
        let _ = stream.set_nodelay(true);
        let Some(seat) = self.crew.enter(&stream, Mailbox::new(&self.limits)) else {
            return refuse(&stream, format!("The server is full: {} connections", self.limits.connections));
        };
        let refusable = Arc::clone(&stream);
        let thread = thread::Builder::new().name("reader".into());
        if let Err(error) = thread.spawn_scoped(scope, move || self.serve(scope, &stream, seat)) {
            refuse(&refusable, format!("The server cannot start a thread: {error}"));
        }
    }

    // ANCHOR: serve
    fn serve<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, stream: &Arc<TcpStream>, seat: Seat<'scope>) {
        let mailbox = Arc::clone(seat.mailbox());
        let writer = thread::Builder::new().name("writer".into());
        let writer = writer.spawn_scoped(scope, {
            let (stream, mailbox) = (Arc::clone(stream), Arc::clone(&mailbox));
            move || write_out(&stream, &mailbox)
        });
        let writer = match writer {
            Ok(writer) => writer,
            Err(error) => return refuse(stream, format!("The server cannot start a thread: {error}")),
        };
        let mut session = Session::new(Arc::clone(&self.groups), Arc::clone(&mailbox), &self.limits);
        let ended = read_lines(&**stream, self.limits.line_bytes, |line| {
            if let Err(reply) = session.handle(line) {
                mailbox.reply(reply.to_line());
            }
        });
        match ended {
            // Nothing more to ask is not nothing more to hear.
            Ok(()) if session.is_member() => mailbox.half_close(),
            _ => mailbox.close(),
        }
        let written = writer.join().unwrap_or(Ok(()));
        debug!(target: "threads", ?ended, ?written, "a connection has ended");
    }
    // ANCHOR_END: serve
}

/// The writer's thread: puts into the socket whatever waits in the mailbox, until there will be no
/// more.
fn write_out(stream: &TcpStream, mailbox: &Mailbox) -> io::Result<()> {
    let written = mailbox.write_to(&mut &*stream);
    mailbox.close();
    // The client sees the end behind the last line, and ends its side, for which the reader waits.
    // To close before would throw away what is still under way, if anything unread has arrived: so
    // does TCP. A broken socket has no such end.
    let _ = stream.shutdown(if written.is_ok() { Shutdown::Write } else { Shutdown::Both });
    written
}

/// Whether an error of accept is about the connection that was to be accepted, and says nothing of
/// the next one.
fn concerns_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Tells a client why it is not served. Its socket is new, so that one line always fits into the
/// kernel's buffer.
fn refuse(mut stream: &TcpStream, why: String) {
    warn!(target: "threads", why, "a client was refused");
    let _ = stream.write_all(&Reply::Error(why).to_line());
    let _ = stream.shutdown(Shutdown::Write);
}
