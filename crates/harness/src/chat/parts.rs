//! The parts of a server's code that checks can call in this process.

use std::{io, net::TcpStream};

/// The parts of a server that the checks can call in this process. A foreign server has none, so
/// these checks are not applicable to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// For E2: reads the lines of a stream.
    pub read: Option<Read>,
    /// For E12: the accept loop.
    pub accept: Option<Accept>,
    /// For E8, which counts the calls of `write`: writes lines to a member's socket.
    pub write: Option<Write>,
}

/// Reads a whole stream with the code that reads the server's connections. Returns the lines; a bad
/// line is an `Err`.
pub type Read = fn(Vec<ReadStep>) -> Vec<Result<String, String>>;

/// The outcome of one read of the transport.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReadStep {
    /// These bytes arrive.
    Bytes(Vec<u8>),
    /// The read is interrupted, or its future is dropped, and the server reads again.
    Cancelled,
}

/// A transport that plays a script, for a server that reads through `io::Read`. A cancelled read
/// fails with `ErrorKind::Interrupted`.
#[derive(Debug)]
pub struct Script(std::vec::IntoIter<ReadStep>);

impl Script {
    /// A transport that plays these steps and then ends.
    pub fn new(steps: Vec<ReadStep>) -> Self {
        Script(steps.into_iter())
    }
}

impl io::Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.next() {
            None => Ok(0),
            Some(ReadStep::Cancelled) => Err(io::ErrorKind::Interrupted.into()),
            Some(ReadStep::Bytes(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
        }
    }
}

/// Serves the connections of `Incoming` with the server's accept loop. Returns the result of that
/// loop.
pub type Accept = fn(Incoming) -> io::Result<()>;

/// The input of an accept loop, like `TcpListener::incoming()`.
pub type Incoming = Box<dyn Iterator<Item = io::Result<TcpStream>> + Send>;

/// Writes the lines that wait for one member to a socket, with the server's own code.
pub type Write = fn(Vec<Vec<u8>>, &mut dyn io::Write);
