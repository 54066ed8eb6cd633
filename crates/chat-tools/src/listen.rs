//! The listening half: reads replies until the connection ends, and says what that end means.

use std::{
    fmt,
    io::{self, ErrorKind, Read},
    net::TcpStream,
    sync::{Arc, OnceLock},
};

use chat::{BadLine, LineDecoder};

/// The longest line taken from a server: well above what ours can send, and a bound on one that
/// never ends.
const MAX_REPLY: usize = 1024 * 1024;

/// Set once the input is at its end: how many lines of it were not sent.
pub(crate) type Ended = Arc<OnceLock<usize>>;

/// Why the client ends with exit code 1. Its `Display` is one line for the user.
#[derive(Debug)]
pub enum Failure {
    /// The server closed the connection while the client was not at its end.
    Closed,
    /// The connection broke.
    Broken(io::Error),
    /// The input is at its end, and the server has been quiet for too long without closing the
    /// connection.
    Quiet,
    /// A reply could not be printed.
    Output(io::Error),
    /// So many lines of a script were not sent. Each was reported when it was read.
    Unsent(usize),
}

/// Hands every line that arrives to `show`, until the server closes the connection.
///
/// If `stream` has a read timeout, that is how long the server may be quiet once the input is at
/// its end.
pub(crate) fn listen(
    mut stream: &TcpStream,
    ended: &OnceLock<usize>,
    mut show: impl FnMut(Result<&str, BadLine>) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut decoder = LineDecoder::new(MAX_REPLY);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        // Asked before the read: only a timeout that lay after the end of the input as a whole
        // counts.
        let waits_for_the_end = ended.get().is_some();
        let mut chunk = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => &buffer[..length],
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::WouldBlock | ErrorKind::TimedOut if !waits_for_the_end => continue,
                ErrorKind::WouldBlock | ErrorKind::TimedOut => return Err(Failure::Quiet),
                _ => return Err(Failure::Broken(error)),
            },
        };
        while let Some(line) = decoder.next(&mut chunk) {
            show(line).map_err(Failure::Output)?;
        }
    }
    if let Some(line) = decoder.finish() {
        show(line).map_err(Failure::Output)?;
    }
    match ended.get() {
        None => Err(Failure::Closed),
        Some(0) => Ok(()),
        Some(&lines) => Err(Failure::Unsent(lines)),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Closed => write!(f, "the server closed the connection"),
            Failure::Broken(error) => write!(f, "the connection broke: {error}"),
            Failure::Quiet => {
                write!(
                    f,
                    "the server is quiet but keeps the connection open: more may have been to come (see --quiet-ms)"
                )
            }
            Failure::Output(error) => write!(f, "cannot print: {error}"),
            Failure::Unsent(1) => write!(f, "one line was not sent"),
            Failure::Unsent(lines) => write!(f, "{lines} lines were not sent"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Failure::Broken(error) | Failure::Output(error) => Some(error),
            Failure::Closed | Failure::Quiet | Failure::Unsent(_) => None,
        }
    }
}
