//! E6 to E8: a member whose socket is full still gets whole lines, and does not delay its group or
//! any other client.

use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use chat::{Reply, Request};

use super::{
    Client, Running, Server,
    client::{is_error, read_reply, unique},
    in_process,
    patience::PATIENCE,
};
use crate::run::check::{Stop, Verdict, holds};

/// The bytes of text in a post of a flood, so that each line has about 16 KiB.
const TEXT: usize = 16 * 1024;

pub(super) fn e6_short_writes(server: &Server) -> Verdict {
    server.checked(|running| {
        let group = unique("short");
        let mut slow = stalled_member(running, &group)?;
        let flood = Flood::start(running.address, &group, 512)?;
        flood.wait_until_done_or_blocked();
        let heard = Heard::drain(&mut slow, &group, 512)?;
        holds(heard.received > 0, || "not one of 512 posts arrived".to_owned())
    })
}

pub(super) fn e7_stalled_reader(server: &Server) -> Verdict {
    const POSTS: usize = 2048;
    const WINDOW: usize = 8;
    const BOUND: usize = 4 << 20;
    server.checked(|running| {
        let group = unique("stalled");
        let mut stalled = stalled_member(running, &group)?;
        let mut busy = [Client::connect(running.address)?, Client::connect(running.address)?];
        for member in &mut busy {
            member.join(&group)?;
            member.settle_alone()?;
        }
        let mut half_way = None;
        for first in (0..POSTS).step_by(WINDOW) {
            for number in first..first + WINDOW {
                busy[0].send_bytes(&post(&group, number))?;
            }
            for member in &mut busy {
                for number in first..first + WINDOW {
                    let delayed = |observed: &str| {
                        Stop::Failed(format!(
                            "while one member did not read, a busy one missed post {number}: {observed}"
                        ))
                    };
                    let line = member.line().map_err(|_| delayed("nothing arrived in time"))?;
                    let line = line.ok_or_else(|| delayed("the connection was closed"))?;
                    holds(line == message(&group, number), || {
                        format!("instead of post {number} this line came: {:.80}", String::from_utf8_lossy(&line))
                    })?;
                }
            }
            if first == POSTS / 2 {
                half_way = running.memory();
            }
        }
        // All buffers were full after the first half, so the second 16 MiB must not grow the
        // server.
        if let (Some(before), Some(after)) = (half_way, running.memory()) {
            let grown = after.bytes.saturating_sub(before.bytes);
            holds(grown <= BOUND, || {
                format!("another 16 MiB for a member that does not read made the server {} MiB larger", grown >> 20)
            })?;
        }
        let heard = Heard::drain(&mut stalled, &group, POSTS)?;
        holds(heard.notices > 0, || {
            format!("all {POSTS} posts, 32 MiB, arrived in the end: so the member's queue has no bound")
        })?;
        holds(heard.repeated == 0, || {
            format!("{} notices directly followed another one in the same gap", heard.repeated)
        })?;
        busy[0].post(&group, "after the gap")?;
        stalled.expect(&group, "after the gap")
    })
}

pub(super) fn e8_no_lock_while_writing(server: &Server) -> Verdict {
    server.checked(|running| {
        let (group, other) = (unique("full"), unique("elsewhere"));
        let _stalled = stalled_member(running, &group)?;
        let flood = Flood::start(running.address, &group, 512)?;
        flood.wait_until_done_or_blocked();
        let mut bystander = Client::connect(running.address)?;
        bystander.join(&other)?;
        bystander.post(&other, "hola")?;
        bystander.expect(&other, "hola").map_err(|_| held_up("a post to another group"))?;
        bystander.join(&group)?;
        bystander.send(&Request::Leave { group_name: group.clone() })?;
        bystander.settle().map(drop).map_err(|_| held_up("joining and leaving the group"))
    })?;
    server.parts.write.map_or(Ok(()), in_process::writes_together)
}

fn held_up(what: &str) -> Stop {
    Stop::Failed(format!("while one member's socket was full, {what} did not happen within {} s", PATIENCE.as_secs()))
}

/// Connects a member of `group` with the smallest possible receive buffer. It reads nothing until
/// the check drains it.
fn stalled_member(running: &Running, group: &str) -> Result<Client, Stop> {
    let mut member = Client::connect_from(None, running.address, true)?;
    member.join(group)?;
    member.settle_alone()?;
    Ok(member)
}

fn post(group: &str, number: usize) -> Vec<u8> {
    lengthened(&Request::Post { group_name: group.into(), message: format!("{number} ") }.to_line())
}

fn message(group: &str, number: usize) -> Vec<u8> {
    lengthened(&Reply::Message { group_name: group.into(), message: format!("{number} ") }.to_line())
}

/// Adds the text of a flood to the end of the message in `line`. The text is not serialised each
/// time, because that would take seconds in a build without optimisation.
fn lengthened(line: &[u8]) -> Vec<u8> {
    let (line, end) = line.split_at(line.len() - b"\"}}\n".len());
    [line, &[b'x'; TEXT], end].concat()
}

/// A client on its own thread. It posts as fast as the server reads, and reads nothing itself.
pub(super) struct Flood {
    news: mpsc::Receiver<News>,
}

/// A report from the flood's thread.
#[derive(Eq, PartialEq)]
enum News {
    /// A write has blocked for half a second.
    Blocked,
    /// All posts were sent. The server has served them, or the wait for that was too long.
    Done,
}

impl Flood {
    /// Starts to post `posts` numbered lines of 16 KiB to `group`.
    pub(super) fn start(address: SocketAddr, group: &str, posts: usize) -> Result<Self, Stop> {
        let client = Client::connect(address)?;
        let mut socket = client.writer()?;
        // A write that blocks for this time means that the server has stopped reading.
        socket.set_write_timeout(Some(Duration::from_millis(500)))?;
        let (tell, news) = mpsc::channel();
        let group = group.to_owned();
        thread::spawn(move || {
            let mut client = client;
            for number in 0..posts {
                if write_all(&mut socket, &post(&group, number), &tell).is_err() {
                    return;
                }
            }
            // When its own post comes back, the server has served all posts.
            let _ = client.settle();
            let _ = tell.send(News::Done);
        });
        Ok(Flood { news })
    }

    /// Waits until the server has served all posts, or has stopped reading.
    pub(super) fn wait_until_done_or_blocked(&self) {
        // An error means that the connection broke and the thread ended. Then the wait is over too.
        let _ = self.news.recv();
    }

    /// Waits until all posts were sent. A server that stops reading may only be slow, so this gives
    /// up only after two [`PATIENCE`]s.
    pub(super) fn wait_until_done(&self) {
        let deadline = Instant::now() + 2 * PATIENCE;
        let next = || self.news.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        while next() == Ok(News::Blocked) {}
    }
}

fn write_all(socket: &mut impl Write, mut bytes: &[u8], blocked: &mpsc::Sender<News>) -> io::Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => drop(blocked.send(News::Blocked)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The count of a flood's numbered posts at one member. Each post must arrive whole and in order,
/// or be counted in a notice in the place where it is missing.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) received: usize,
    pub(super) notices: usize,
    /// Notices that directly followed another notice, so that one gap had more than one.
    pub(super) repeated: usize,
    /// Posts that arrived or were counted in a notice.
    accounted: usize,
    /// Whether the last line was a notice.
    in_gap: bool,
}

impl Heard {
    /// Reads until all of `posts` are accounted for.
    pub(super) fn drain(client: &mut Client, group: &str, posts: usize) -> Result<Self, Stop> {
        let mut heard = Heard::default();
        while heard.accounted < posts {
            let missing = |why: &str, heard: &Heard| {
                let dropped = heard.accounted - heard.received;
                Stop::Failed(format!(
                    "of {posts} posts {} arrived and {dropped} were announced as dropped; then {why}",
                    heard.received
                ))
            };
            let line = match client.line() {
                Ok(Some(line)) => line,
                Ok(None) => return Err(missing("the server closed the connection", &heard)),
                Err(Stop::Failed(why)) => return Err(missing(&why, &heard)),
                Err(other) => return Err(other),
            };
            if line == message(group, heard.accounted) {
                heard.received += 1;
                heard.accounted += 1;
                heard.in_gap = false;
                continue;
            }
            match read_reply(&line)? {
                reply @ Reply::Error(_) => {
                    heard.repeated += usize::from(std::mem::replace(&mut heard.in_gap, true));
                    heard.notices += 1;
                    heard.accounted += announced(&reply)?;
                }
                Reply::Message { message, .. } => {
                    return Err(Stop::Failed(format!(
                        "instead of post {} this one came: {message:.60}",
                        heard.accounted
                    )));
                }
            }
        }
        let due = |heard: &Heard| format!("{} posts were accounted for, and only {posts} were sent", heard.accounted);
        holds(heard.accounted == posts, || due(&heard))?;
        Ok(heard)
    }
}

/// The number in a notice of lag, such as `Dropped 17 messages from rust.`
fn announced(reply: &Reply) -> Result<usize, Stop> {
    debug_assert!(is_error(reply));
    let Reply::Error(text) = reply else { return Ok(0) };
    let number = text.split(|letter: char| !letter.is_ascii_digit()).find(|digits| !digits.is_empty());
    let number = number.and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| Stop::Failed(format!("a notice does not say how many posts were dropped: {text:.80}")))
}
