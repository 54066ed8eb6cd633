//! A client for checks: it never waits longer than [`PATIENCE`](super::PATIENCE), and it can wait
//! until the server has served its requests.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use chat::{Reply, Request};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket, sockopt};

use super::patience::PATIENCE;
use crate::run::{
    check::{Stop, Verdict},
    wait::until,
};

/// The client's side of one connection.
///
/// `Join` has no acknowledgement. But a server serves the lines of one connection in order, so when
/// a client's own post comes back, its earlier requests were served. [`settle`](Self::settle) waits
/// for that.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    input: BufReader<Prompt>,
    /// A group with this client as its only member, for [`settle`](Self::settle).
    own_group: Option<String>,
}

/// A name that no other check uses, including checks that ran earlier on the same server.
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
    /// The connection is refused, or takes longer than [`PATIENCE`](super::PATIENCE).
    pub fn connect(address: SocketAddr) -> Result<Self, Stop> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .map_err(|error| Stop::Failed(format!("cannot connect to {address}: {error}")))?;
        Self::over(stream, 64 * 1024)
    }

    /// Connects from a chosen local address, where port 0 means a free port. With `tiny` the
    /// receive buffer is as small as the kernel allows.
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
            // Allows another connection from the same address right after this one has ended.
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

    /// Joins a group. Call [`settle`](Self::settle) to wait until the server has served the
    /// request.
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

    /// Sends raw bytes.
    ///
    /// # Errors
    ///
    /// The server has closed the connection, or reads nothing for longer than
    /// [`PATIENCE`](super::PATIENCE).
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Verdict {
        self.stream.write_all(bytes).map_err(|error| Stop::Failed(format!("the server does not read: {error}")))
    }

    /// The next line, including its `\n`. `None` if the server has closed the connection.
    ///
    /// # Errors
    ///
    /// No line arrives in time, or the connection is reset.
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
    /// No line arrives in time, or the line is not a reply.
    pub fn reply(&mut self) -> Result<Reply, Stop> {
        let line = self.line()?.ok_or_else(|| Stop::Failed("the server closed the connection".into()))?;
        read_reply(&line)
    }

    /// The next reply must be this message.
    ///
    /// # Errors
    ///
    /// Another reply arrives, or none.
    pub fn expect(&mut self, group: &str, message: &str) -> Verdict {
        let expected = Reply::Message { group_name: group.into(), message: message.into() };
        match self.reply() {
            Ok(reply) if reply == expected => Ok(()),
            Ok(reply) => Err(Stop::Failed(format!("instead of the post {message:?} this came: {reply:?}"))),
            Err(Stop::Failed(why)) => Err(Stop::Failed(format!("instead of the post {message:?}: {why}"))),
            Err(other) => Err(other),
        }
    }

    /// Waits until the server has served all requests of this client. Returns the replies that
    /// arrived in the meantime.
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
                    let seen = replies.last().map(|reply| format!("; the last line was {reply:?}")).unwrap_or_default();
                    return Err(Stop::Failed(format!("a client's own post did not come back: {why}{seen}")));
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// Like [`settle`](Self::settle), for a client that must receive no other line.
    ///
    /// # Errors
    ///
    /// Another line arrives.
    pub fn settle_alone(&mut self) -> Verdict {
        match self.settle()?.first() {
            None => Ok(()),
            Some(reply) => Err(Stop::Failed(format!("a client that should receive no other line received {reply:?}"))),
        }
    }

    /// The check fails unless the server answers a bad line with any line.
    pub(super) fn answers(&mut self) -> Verdict {
        self.send_bytes(b"?\n")?;
        self.reply().map(drop)
    }

    /// Waits until a group no longer exists. It posts to the group again and again, until the
    /// server refuses the post.
    ///
    /// # Errors
    ///
    /// The group still exists after [`PATIENCE`](super::PATIENCE).
    pub fn wait_until_gone(&mut self, group: &str) -> Verdict {
        let gone = until(PATIENCE, || {
            let asked = self.post(group, "is anybody there?").and_then(|()| self.settle());
            asked
                .map(|replies| replies.iter().any(is_error))
                .map_or_else(|stop| Some(Err(stop)), |gone| gone.then_some(Ok(())))
        });
        let still_there =
            || format!("all members of group {group:?} have left, but it still existed after {PATIENCE:?}");
        gone.unwrap_or_else(|| Err(Stop::Failed(still_there())))
    }

    /// Shuts down the sending side, so that the server reads the end of the input.
    ///
    /// # Errors
    ///
    /// The connection has ended.
    pub fn half_close(&mut self) -> Verdict {
        Ok(self.stream.shutdown(Shutdown::Write)?)
    }

    /// Ends the connection with a reset, as a crash may do. Returns the client's own address.
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
            Ok(_) => Err(Stop::Failed(format!("instead of the end this came: {:?}", String::from_utf8_lossy(&rest)))),
            Err(error) => Err(Stop::Failed(format!("the connection did not end properly: {error}"))),
        }
    }

    /// A second handle to the socket, for a thread that only writes.
    pub(super) fn writer(&self) -> Result<TcpStream, Stop> {
        Ok(self.stream.try_clone()?)
    }
}

/// A socket that makes the kernel acknowledge each read at once. Otherwise the kernel may delay
/// that by 40 ms, and a server without `TCP_NODELAY` sends nothing until then.
#[derive(Debug)]
struct Prompt(TcpStream);

impl Read for Prompt {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buffer)?;
        // An error is harmless: without this option the check only takes longer.
        #[cfg(target_os = "linux")]
        let _ = sockopt::set_tcp_quickack(&self.0, true);
        Ok(length)
    }
}

/// Parses a line that came from a server.
pub(super) fn read_reply(line: &[u8]) -> Result<Reply, Stop> {
    let text = String::from_utf8_lossy(line);
    let shown: String = text.chars().take(120).collect();
    holds_whole(line, &shown)?;
    Reply::parse(text.trim_end()).map_err(|error| Stop::Failed(format!("a line is not a reply ({error}): {shown}")))
}

fn holds_whole(line: &[u8], shown: &str) -> Verdict {
    crate::holds(line.ends_with(b"\n"), || format!("the connection ended in the middle of a line: {shown}"))
}

pub(super) fn is_error(reply: &Reply) -> bool {
    matches!(reply, Reply::Error(_))
}
