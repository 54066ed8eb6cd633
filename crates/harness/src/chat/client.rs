//! A client for checks: it never waits longer than [`PATIENCE`](super::PATIENCE), and knows the
//! barriers of the protocol.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use chat::{Reply, Request};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket, sockopt};

use super::PATIENCE;
use crate::run::{
    check::{Stop, Verdict},
    wait::until,
};

/// One connection, seen from the client's side.
///
/// `Join` has no acknowledgement. A client knows that its requests were carried out when its own
/// post comes back, since a server serves the lines of one connection in order:
/// [`settle`](Self::settle).
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    input: BufReader<Prompt>,
    /// A group that nobody else is in, for barriers.
    own_group: Option<String>,
}

/// A name that no other check uses, nor one that ran before on the same server.
pub(super) fn unique(word: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    format!("{word}-{}-{now:x}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed))
}

impl Client {
    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// The connection is refused, or nothing comes of it in time.
    pub fn connect(address: SocketAddr) -> Result<Self, Stop> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .map_err(|error| Stop::Failed(format!("cannot connect to {address}: {error}")))?;
        Self::over(stream, 64 * 1024)
    }

    /// Connects from a chosen address (port 0 takes one that nobody else uses), and with a receive
    /// buffer as small as the kernel makes them if `tiny`.
    ///
    /// # Errors
    ///
    /// The address is taken, or the connection is refused.
    pub fn connect_from(from: Option<SocketAddr>, to: SocketAddr, tiny: bool) -> Result<Self, Stop> {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let fd = socket(family, SocketType::STREAM, None).map_err(io::Error::from)?;
        if tiny {
            sockopt::set_socket_recv_buffer_size(&fd, 1).map_err(io::Error::from)?;
        }
        if let Some(from) = from {
            // So that the address can be taken again as soon as the connection from it is gone.
            sockopt::set_socket_reuseaddr(&fd, true).map_err(io::Error::from)?;
            bind(&fd, &from).map_err(io::Error::from)?;
        }
        connect(&fd, &to).map_err(|error| Stop::Failed(format!("cannot connect to {to}: {error}")))?;
        Self::over(fd.into(), if tiny { 512 } else { 64 * 1024 })
    }

    fn over(stream: TcpStream, buffer: usize) -> Result<Self, Stop> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let input = BufReader::with_capacity(buffer, Prompt(stream.try_clone()?));
        Ok(Client { stream, input, own_group: None })
    }

    /// Joins a group. Nothing says when that has happened but [`settle`](Self::settle).
    ///
    /// # Errors
    ///
    /// The line cannot be sent.
    pub fn join(&mut self, group: &str) -> Verdict {
        self.send(&Request::Join { group_name: group.into() })
    }

    /// Posts to a group.
    ///
    /// # Errors
    ///
    /// The line cannot be sent.
    pub fn post(&mut self, group: &str, message: &str) -> Verdict {
        self.send(&Request::Post { group_name: group.into(), message: message.into() })
    }

    /// Sends any request.
    ///
    /// # Errors
    ///
    /// The line cannot be sent.
    pub fn send(&mut self, request: &Request) -> Verdict {
        self.send_bytes(&request.to_line())
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// The server has closed the connection, or takes nothing for longer than
    /// [`PATIENCE`](super::PATIENCE).
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Verdict {
        self.stream
            .write_all(bytes)
            .map_err(|error| Stop::Failed(format!("the server does not take what is sent: {error}")))
    }

    /// The next line as it came, its `\n` included; `None` if the server has closed the connection.
    ///
    /// # Errors
    ///
    /// Nothing comes in time, or the connection is reset.
    pub fn line(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(line)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(Stop::Failed(format!("nothing arrived in {} s", PATIENCE.as_secs())))
            }
            Err(error) => Err(Stop::Failed(format!("the connection broke: {error}"))),
        }
    }

    /// The next reply.
    ///
    /// # Errors
    ///
    /// There is none in time, or the line is no reply.
    pub fn reply(&mut self) -> Result<Reply, Stop> {
        let line = self.line()?.ok_or_else(|| Stop::Failed("the server closed the connection".into()))?;
        read_reply(&line)
    }

    /// The next reply must be this message.
    ///
    /// # Errors
    ///
    /// It is another, or none.
    pub fn expect(&mut self, group: &str, message: &str) -> Verdict {
        let expected = Reply::Message { group_name: group.into(), message: message.into() };
        match self.reply() {
            Ok(reply) if reply == expected => Ok(()),
            Ok(reply) => Err(Stop::Failed(format!("instead of the post {message:?} came {reply:?}"))),
            Err(Stop::Failed(why)) => Err(Stop::Failed(format!("instead of the post {message:?}: {why}"))),
            Err(other) => Err(other),
        }
    }

    /// Waits until all that this client has sent was carried out, and gives the replies that came
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// Its own post does not come back in time.
    pub fn settle(&mut self) -> Result<Vec<Reply>, Stop> {
        let group = match self.own_group.clone() {
            Some(group) => group,
            None => {
                let group = unique("own");
                self.join(&group)?;
                self.own_group.insert(group).clone()
            }
        };
        let token = unique("token");
        self.post(&group, &token)?;
        let mut replies = Vec::new();
        loop {
            match self.reply() {
                Ok(Reply::Message { message, .. }) if message == token => return Ok(replies),
                Ok(reply) => replies.push(reply),
                Err(Stop::Failed(why)) => {
                    let seen = replies.last().map(|reply| format!("; last came {reply:?}")).unwrap_or_default();
                    return Err(Stop::Failed(format!("a client's own post did not come back: {why}{seen}")));
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// As [`settle`](Self::settle), for a client to which nothing else should come.
    ///
    /// # Errors
    ///
    /// Something else did come.
    pub fn settle_alone(&mut self) -> Verdict {
        match self.settle()?.first() {
            None => Ok(()),
            Some(reply) => Err(Stop::Failed(format!("a client that should hear nothing else heard {reply:?}"))),
        }
    }

    /// Whether the server answers at all: a bad line must bring some line back.
    pub(super) fn answers(&mut self) -> Verdict {
        self.send_bytes(b"?\n")?;
        self.reply().map(drop)
    }

    /// Waits until a group is gone, by asking: each question is a post to the group, and a refusal
    /// the answer.
    ///
    /// # Errors
    ///
    /// It is still there after [`PATIENCE`](super::PATIENCE).
    pub fn wait_until_gone(&mut self, group: &str) -> Verdict {
        let gone = until(PATIENCE, || {
            let asked = self.post(group, "is anybody there?").and_then(|()| self.settle());
            asked
                .map(|replies| replies.iter().any(is_error))
                .map_or_else(|stop| Some(Err(stop)), |gone| gone.then_some(Ok(())))
        });
        let still_there =
            || format!("group {group:?}, whose members have all gone, was still there after {PATIENCE:?}");
        gone.unwrap_or_else(|| Err(Stop::Failed(still_there())))
    }

    /// Ends the sending side, as a pipe does at the end of its input.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub fn half_close(&mut self) -> Verdict {
        Ok(self.stream.shutdown(Shutdown::Write)?)
    }

    /// Ends the connection with a reset instead of an orderly end, as a crash does, and gives the
    /// address it came from.
    pub(super) fn reset(self) -> Result<SocketAddr, Stop> {
        let from = self.stream.local_addr()?;
        sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO)).map_err(io::Error::from)?;
        Ok(from)
    }

    /// Reads until the server closes the connection.
    pub(super) fn until_closed(&mut self) -> Verdict {
        let mut rest = Vec::new();
        match self.input.read_to_end(&mut rest) {
            Ok(_) if rest.is_empty() => Ok(()),
            Ok(_) => Err(Stop::Failed(format!("instead of the end came {:?}", String::from_utf8_lossy(&rest)))),
            Err(error) => Err(Stop::Failed(format!("the connection did not end in order: {error}"))),
        }
    }

    /// A second handle on the socket, for a thread that only writes.
    pub(super) fn writer(&self) -> Result<TcpStream, Stop> {
        Ok(self.stream.try_clone()?)
    }
}

/// Confirms to the kernel of the server what was read, at once. It may wait for 40 ms otherwise, and
/// a server without `TCP_NODELAY` sends no more until then.
#[derive(Debug)]
struct Prompt(TcpStream);

impl Read for Prompt {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buffer)?;
        // Without it the check only takes longer.
        #[cfg(target_os = "linux")]
        let _ = sockopt::set_tcp_quickack(&self.0, true);
        Ok(length)
    }
}

/// Reads a line that came from a server.
pub(super) fn read_reply(line: &[u8]) -> Result<Reply, Stop> {
    let text = String::from_utf8_lossy(line);
    let shown: String = text.chars().take(120).collect();
    holds_whole(line, &shown)?;
    Reply::parse(text.trim_end())
        .map_err(|error| Stop::Failed(format!("a line came that is no reply ({error}): {shown}")))
}

fn holds_whole(line: &[u8], shown: &str) -> Verdict {
    crate::holds(line.ends_with(b"\n"), || format!("the connection ended in the middle of a line: {shown}"))
}

pub(super) fn is_error(reply: &Reply) -> bool {
    matches!(reply, Reply::Error(_))
}
