//! One client: its socket, and what is left over between two events.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
};

use memchr::memchr;

use super::post::{Owner, Post};

pub(crate) struct Member {
    pub(crate) socket: TcpStream,
    pub(crate) group: usize,
    pub(crate) owner: Owner,
    post: Post,
    /// The beginning of a line whose end has not arrived.
    partial: Vec<u8>,
    /// What the kernel had no room for.
    unsent: Vec<u8>,
}

impl Member {
    pub(crate) fn new(socket: TcpStream, group: usize, owner: Owner, post: Post) -> Self {
        Member { socket, group, owner, post, partial: Vec::new(), unsent: Vec::new() }
    }

    /// Whether there is something to be sent as soon as the kernel has room.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Posts, or leaves the post behind what waits already. Returns how many writes that took.
    pub(crate) fn post(&mut self, nanos: u64) -> io::Result<u64> {
        let line = self.post.at(nanos);
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(line);
            return Ok(0);
        }
        let written = write(&mut &self.socket, line)?;
        self.unsent.extend_from_slice(&line[written..]);
        Ok(u64::from(written > 0))
    }

    /// Sends what was left over. Returns how many writes that took.
    pub(crate) fn flush(&mut self) -> io::Result<u64> {
        let written = write(&mut &self.socket, &self.unsent)?;
        self.unsent.drain(..written);
        Ok(u64::from(written > 0))
    }

    /// Reads once, and hands on every line that has come to its end, without it. `buffer` is
    /// everybody's.
    pub(crate) fn read(&mut self, buffer: &mut [u8], mut hear: impl FnMut(&[u8])) -> io::Result<()> {
        let (kept, free) = buffer.split_at_mut_checked(self.partial.len()).ok_or(ErrorKind::FileTooLarge)?;
        kept.copy_from_slice(&self.partial);
        let length = match self.socket.read(free) {
            Ok(0) if free.is_empty() => return Err(io::Error::new(ErrorKind::InvalidData, "a line has no end")),
            Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection")),
            Ok(length) => kept.len() + length,
            Err(error) if is_transient(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut rest = &buffer[..length];
        while let Some(end) = memchr(b'\n', rest) {
            hear(&rest[..end]);
            rest = &rest[end + 1..];
        }
        self.partial.clear();
        self.partial.extend_from_slice(rest);
        Ok(())
    }
}

/// How much the kernel took, which may be nothing.
fn write(socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    match socket.write(bytes) {
        Err(error) if is_transient(&error) => Ok(0),
        written => written,
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
