//! Stage 1: the accept loop as the notes have it. A thread a connection, and whoever posts writes
//! to every member's socket, under its lock, while the table of groups is locked too.

use std::{
    io::{self, Write},
    net::TcpStream,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use chat::{Groups, Limits, Member, Session};
use tracing::warn;

use crate::parts::reader::read_lines;

// ANCHOR: accept
/// Serves every connection of `incoming` on a thread of its own.
///
/// # Errors
///
/// The first error of any accepted socket: the `?` hands one client's misfortune to the whole
/// server.
pub fn accept(
    incoming: impl Iterator<Item = io::Result<TcpStream>>,
    groups: &Arc<Groups<SharedWriter>>,
    limits: &Limits,
) -> io::Result<()> {
    for stream in incoming {
        let stream = stream?;
        let (groups, limits) = (Arc::clone(groups), limits.clone());
        thread::spawn(move || {
            if let Err(error) = serve(stream, groups, &limits) {
                warn!(target: "threads", %error, "a connection broke");
            }
        });
    }
    Ok(())
}
// ANCHOR_END: accept

fn serve(stream: TcpStream, groups: Arc<Groups<SharedWriter>>, limits: &Limits) -> io::Result<()> {
    let me = Arc::new(SharedWriter(Mutex::new(stream.try_clone()?)));
    let mut session = Session::new(groups, Arc::clone(&me), limits);
    read_lines(stream, limits.line_bytes, |line| {
        if let Err(reply) = session.handle(line) {
            me.write(&reply.to_line());
        }
    })
}

/// A member is its socket, which the threads of all who post to it share.
#[derive(Debug)]
pub struct SharedWriter(Mutex<TcpStream>);

impl SharedWriter {
    // ANCHOR: write
    fn write(&self, line: &[u8]) {
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // If the member does not read, this waits: with the socket locked, and the table of groups,
        // and the poster.
        if let Err(error) = socket.write_all(line) {
            warn!(target: "threads", %error, "a line was not delivered");
        }
    }
    // ANCHOR_END: write
}

impl Member for SharedWriter {
    fn deliver(&self, _group: &str, line: &Arc<[u8]>) {
        self.write(line);
    }
}
