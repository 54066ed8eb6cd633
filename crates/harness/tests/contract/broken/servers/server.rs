//! A chat server on one thread over `poll(2)` that passes every check, and the places where a
//! [`Fault`] changes it. Each fault is one `if` or one value.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use chat::{Backlog, BadLine, Limits, LineDecoder, Reply, Request};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::Fault;

const HALF_CLOSED: Duration = Duration::from_secs(2);
const DRAIN: Duration = Duration::from_secs(20);

struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    decoder: LineDecoder,
    backlog: Backlog,
    /// Bytes that were taken from the backlog and are not written yet.
    out: Vec<u8>,
    /// When the client's input ended, or when a post last reached it after that.
    quiet_since: Option<Instant>,
    broken: bool,
    /// Whether the server has shut down its sending side.
    told_the_end: bool,
}

pub struct Server {
    fault: Fault,
    limits: Limits,
    connections: HashMap<u64, Connection>,
    /// The members of each group, in the order in which they joined.
    groups: HashMap<String, Vec<u64>>,
    next: u64,
    /// The sockets that the fault never closes.
    kept: Vec<TcpStream>,
    stopping: Option<Instant>,
}

impl Server {
    pub fn new(fault: Fault) -> Self {
        let no_bound = fault == Fault::UnboundedMailbox;
        let limits = Limits {
            line_bytes: if fault == Fault::UnboundedLine { usize::MAX - 1 } else { Limits::default().line_bytes },
            mailbox_lines: if no_bound { usize::MAX } else { Limits::default().mailbox_lines },
            mailbox_bytes: if no_bound { usize::MAX } else { Limits::default().mailbox_bytes },
            ..Limits::default()
        };
        let (connections, groups, kept) = Default::default();
        Server { fault, limits, connections, groups, next: 0, kept, stopping: None }
    }

    pub fn run(mut self) -> io::Result<()> {
        let (term, on_term) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, on_term)?;
        let mut listener = Some(TcpListener::bind("127.0.0.1:0")?);
        let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
        listener.as_ref().map(|listener| listener.set_nonblocking(true)).transpose()?;
        println!("listening on {}", address.expect("the listener is open"));
        let mut rest_until = None::<Instant>;
        loop {
            let resting = rest_until.is_some_and(|until| Instant::now() < until);
            let ready = self.wait(&term, listener.as_ref().filter(|_| !resting))?;
            if ready.stop && self.stopping.is_none() {
                if self.fault == Fault::StopWithoutFlush {
                    return Ok(());
                }
                self.stopping = Some(Instant::now());
                if self.fault != Fault::AcceptWhileStopping {
                    listener = None;
                }
            }
            if let Some(listener) = listener.as_ref().filter(|_| ready.accept) {
                rest_until = self.accept(listener)?;
            }
            for id in ready.readable {
                self.read(id);
            }
            self.write_all_that_waits();
            self.remove_the_gone();
            if self.stopping.is_some_and(|since| self.connections.is_empty() || since.elapsed() > DRAIN) {
                return if self.fault == Fault::ExitCodeOne { Err(io::ErrorKind::Other.into()) } else { Ok(()) };
            }
        }
    }

    fn wait(&self, term: &UnixStream, listener: Option<&TcpListener>) -> io::Result<Ready> {
        let mut fds = vec![PollFd::new(term, PollFlags::IN)];
        fds.extend(listener.map(|listener| PollFd::new(listener, PollFlags::IN)));
        let first = fds.len();
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        for id in &ids {
            let connection = &self.connections[id];
            let mut events = PollFlags::empty();
            // The server reads no further request of a client that does not read its answers.
            if connection.quiet_since.is_none() && connection.backlog.has_room_for(1024) {
                events |= PollFlags::IN;
            }
            if !connection.out.is_empty() {
                events |= PollFlags::OUT;
            }
            fds.push(PollFd::from_borrowed_fd(std::os::fd::AsFd::as_fd(&connection.stream), events));
        }
        let half_closed = self.connections.values().any(|connection| connection.quiet_since.is_some());
        let tick = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        // Without a deadline to watch, it waits without a timeout.
        let timeout = (half_closed || listener.is_none() || self.stopping.is_some()).then_some(&tick);
        match poll(&mut fds, timeout) {
            // The next round sees the signal that interrupted this one.
            Err(Errno::INTR) => return Ok(Ready { stop: false, accept: false, readable: Vec::new() }),
            other => other?,
        };
        let stop = !fds[0].revents().is_empty();
        let accept = listener.is_some() && !fds[1].revents().is_empty();
        let readable = ids
            .into_iter()
            .zip(&fds[first..])
            .filter(|(_, fd)| fd.revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR));
        Ok(Ready { stop, accept, readable: readable.map(|(id, _)| id).collect() })
    }

    /// Accepts all waiting connections. After an error it gives the time until which to pause.
    fn accept(&mut self, listener: &TcpListener) -> io::Result<Option<Instant>> {
        loop {
            let (stream, address) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if self.fault == Fault::AcceptErrorIsFatal => return Err(error),
                Err(_) if self.fault == Fault::SpinWithoutDescriptors => return Ok(None),
                Err(_) => return Ok(Some(Instant::now() + Duration::from_millis(50))),
            };
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let connection = Connection {
                stream,
                address,
                decoder: LineDecoder::new(self.limits.line_bytes),
                backlog: Backlog::new(&self.limits),
                out: Vec::new(),
                quiet_since: None,
                broken: false,
                told_the_end: false,
            };
            self.connections.insert(self.next, connection);
            self.next += 1;
        }
    }

    fn read(&mut self, id: u64) {
        let mut chunk = [0; 4096];
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let mut input = match connection.stream.read(&mut chunk) {
            Ok(0) if self.fault == Fault::EndOfInputIsTheEnd => return connection.broken = true,
            Ok(0) => return connection.quiet_since = connection.quiet_since.or(Some(Instant::now())),
            Ok(length) => &chunk[..length],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => return connection.broken = true,
        };
        let lossy = String::from_utf8_lossy(input).into_owned();
        if self.fault == Fault::DecodeEachRead {
            input = lossy.as_bytes();
        }
        let mut lines = Vec::new();
        while let Some(line) = connection.decoder.next(&mut input) {
            lines.push(line.map(str::to_owned));
        }
        if self.fault == Fault::ReverseOrder {
            let post = |line: &Result<String, BadLine>| {
                matches!(line.as_deref().map(Request::parse), Ok(Ok(Request::Post { .. })))
            };
            lines.chunk_by_mut(|one, next| post(one) && post(next)).for_each(<[_]>::reverse);
        }
        for line in lines {
            self.handle(id, line);
        }
    }

    fn handle(&mut self, id: u64, line: Result<String, BadLine>) {
        if line == Err(BadLine::NotUtf8) && self.fault == Fault::DisconnectOnBadLine {
            return self.with(id, |connection| connection.broken = true);
        }
        let done = match line.and_then(|line| Request::parse(&line)) {
            Ok(Request::Join { group_name }) => {
                let members = self.groups.entry(group_name).or_default();
                if !members.contains(&id) {
                    members.push(id);
                }
                Ok(())
            }
            Ok(Request::Leave { group_name }) => {
                self.remove(&group_name, id);
                Ok(())
            }
            Ok(Request::Post { group_name, message }) => self.post(group_name, message),
            Err(bad) => Err(bad.to_string()),
        };
        if let Err(text) = done {
            let twice = usize::from(self.fault == Fault::TwoErrors);
            for _ in 0..=twice {
                self.with(id, |connection| connection.backlog.push(Reply::Error(text.clone()).to_line()));
            }
        }
    }

    fn post(&mut self, group_name: String, message: String) -> Result<(), String> {
        let missing = format!("Group '{group_name}' does not exist");
        let members = self.groups.get(&group_name).cloned().ok_or(missing)?;
        let line = Reply::Message { group_name: group_name.clone(), message }.to_line();
        for id in members {
            let fault = self.fault;
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.quiet_since = connection.quiet_since.and(Some(Instant::now()));
            match fault {
                Fault::SilentDrop if !connection.backlog.has_room_for(line.len()) => {}
                Fault::NoticeEachPost if !connection.backlog.has_room_for(line.len()) => {
                    connection.backlog.push(Reply::Error(format!("Dropped 1 messages from {group_name}.")).to_line());
                }
                _ => connection.backlog.post(&group_name, &line),
            }
            if fault == Fault::BlockingWrite {
                let _ = connection.stream.set_nonblocking(false);
                connection.flush(fault);
                let _ = connection.stream.set_nonblocking(true);
            }
        }
        Ok(())
    }

    fn write_all_that_waits(&mut self) {
        let (fault, stopping) = (self.fault, self.stopping.is_some());
        for connection in self.connections.values_mut() {
            connection.flush(fault);
            let idle = connection.out.is_empty() && connection.backlog.is_empty();
            if idle && stopping && !connection.told_the_end {
                connection.told_the_end = connection.stream.shutdown(Shutdown::Write).is_ok();
                // Closing a socket with unread input drops the lines on their way to the client.
                connection.broken |= fault == Fault::CloseWhileStopping;
            }
        }
    }

    fn remove_the_gone(&mut self) {
        if self.fault == Fault::DeadTakeTheirGroup {
            let dead = |id: &u64| self.connections.get(id).is_some_and(|connection| connection.broken);
            let struck = self.groups.values().filter(|members| members.iter().any(dead)).flatten();
            for id in struck.copied().collect::<Vec<_>>() {
                self.with(id, |connection| connection.broken = true);
            }
        }
        let in_a_group = |id: &u64| self.groups.values().any(|members| members.contains(id));
        let gone = self.connections.iter().filter(|(id, connection)| {
            let quiet = connection.quiet_since.is_some_and(|since| {
                connection.out.is_empty()
                    && (since.elapsed() > HALF_CLOSED || connection.told_the_end || !in_a_group(id))
            });
            connection.broken || quiet
        });
        for id in gone.map(|(id, _)| *id).collect::<Vec<_>>() {
            let Some(connection) = self.connections.remove(&id) else { continue };
            let was_member = in_any(&self.groups, id);
            match self.fault {
                Fault::DeadStayMembers => {}
                Fault::LeaveByAddress => {
                    let same = |other: &u64| {
                        self.connections.get(other).is_some_and(|other| other.address == connection.address)
                    };
                    self.groups
                        .values_mut()
                        .for_each(|members| members.retain(|member| *member != id && !same(member)));
                }
                _ => self.groups.values_mut().for_each(|members| members.retain(|member| *member != id)),
            }
            self.groups.retain(|_, members| !members.is_empty());
            if self.fault == Fault::KeepSockets && was_member {
                self.kept.push(connection.stream);
            }
        }
    }

    fn remove(&mut self, group: &str, id: u64) {
        if let Some(members) = self.groups.get_mut(group) {
            members.retain(|member| *member != id);
            if members.is_empty() {
                self.groups.remove(group);
            }
        }
    }

    fn with(&mut self, id: u64, act: impl FnOnce(&mut Connection)) {
        self.connections.get_mut(&id).map(act);
    }
}

fn in_any(groups: &HashMap<String, Vec<u64>>, id: u64) -> bool {
    groups.values().any(|members| members.contains(&id))
}

struct Ready {
    stop: bool,
    accept: bool,
    readable: Vec<u64>,
}

impl Connection {
    /// Writes the waiting lines until the kernel takes no more.
    fn flush(&mut self, fault: Fault) {
        loop {
            if self.out.is_empty() {
                if self.backlog.is_empty() {
                    self.out = Vec::new();
                    return;
                }
                self.backlog.take(&mut self.out);
            }
            match self.stream.write(&self.out) {
                Ok(_) if fault == Fault::ForgetShortWrites => self.out.clear(),
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.broken = true,
            }
        }
    }
}
