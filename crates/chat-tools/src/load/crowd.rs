//! All the clients of a load, on one thread: a single wait tells which of them have something to
//! read.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    ops::Range,
    os::fd::OwnedFd,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use chat::Request;
use hdrhistogram::Histogram;
use rustix::{
    buffer::spare_capacity,
    event::{
        PollFd, PollFlags, Timespec,
        epoll::{self, Event, EventData, EventFlags},
        poll,
    },
    io::Errno,
};

use super::{
    Load, interrupted,
    member::Member,
    post::{Form, Heard, Post, greeting, owner},
};

/// Events taken at a time: enough to make a wait cheap, few enough that a post which is due does
/// not wait long.
const BATCH: usize = 64;
/// Clients that connect at a time: fewer than the kernel queues for a server that is slow to
/// accept.
const ARRIVALS: usize = 64;
/// How long nobody may join before the server is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// Shorter waits are too short for `epoll_wait`, which counts in milliseconds.
const SHORT: Duration = Duration::from_millis(20);

/// The clients, and what they have seen so far.
pub(crate) struct Crowd {
    epoll: OwnedFd,
    members: Vec<Member>,
    groups: Vec<Group>,
    events: Vec<Event>,
    buffer: Vec<u8>,
    start: Instant,
    /// Whether a client posts again as soon as its own post has come back.
    pub(crate) again: bool,
    /// Posts that should be sent in this time are measured.
    pub(crate) window: Range<u64>,
    pub(crate) tally: Tally,
    /// Nanoseconds from when a post should have been sent to its return.
    pub(crate) latency: Histogram<u64>,
    /// Nanoseconds from when a post should have been sent to when it was: what of the latency is
    /// our own.
    pub(crate) late: Histogram<u64>,
    /// The first line that was neither a post nor a notice of a gap.
    pub(crate) wrong: Option<String>,
}

struct Group {
    form: Form,
    size: u64,
}

/// Counted from the beginning. Greetings are not posts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Writes that the kernel took something of.
    pub(crate) writes: u64,
    pub(crate) posted: u64,
    /// Of these, posts that should be sent in the window.
    pub(crate) posted_in_window: u64,
    /// Posts that came back to their owners.
    pub(crate) returned: u64,
    /// Lines with a post that should arrive: one for each member of its group.
    pub(crate) due: u64,
    /// Lines with a post that have arrived.
    pub(crate) delivered: u64,
    /// Posts that the server has dropped and said so.
    pub(crate) dropped: u64,
    /// Lines that are wrong.
    pub(crate) wrong: u64,
    joined: usize,
}

impl Tally {
    /// Of the lines that are due: those of which it is known what became of them.
    pub(crate) fn settled(&self) -> u64 {
        self.delivered + self.dropped
    }
}

impl Crowd {
    /// Connects every client and waits until it has joined its group.
    pub(crate) fn connect(load: &Load, address: SocketAddr, stop: &AtomicBool) -> Result<Self, String> {
        // A name of our own, so that nobody else's posts are counted.
        let name = |group: usize| format!("load-{:x}-{group}", std::process::id());
        let bytes = load.window.bytes;
        let size = |group| (load.clients / load.groups + usize::from(group < load.clients % load.groups)) as u64;
        let groups = (0..load.groups).map(|group| Group { form: Form::new(&name(group), bytes), size: size(group) });
        let mut crowd = Crowd {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| format!("no epoll: {error}"))?,
            members: Vec::with_capacity(load.clients),
            groups: groups.collect(),
            events: Vec::with_capacity(BATCH),
            buffer: vec![0; 64 * 1024],
            start: Instant::now(),
            again: false,
            window: 0..0,
            tally: Tally::default(),
            latency: histogram(),
            late: histogram(),
            wrong: None,
        };
        while crowd.members.len() < load.clients {
            for client in crowd.members.len()..load.clients.min(crowd.members.len() + ARRIVALS) {
                let group = client % load.groups;
                crowd.arrive(client, group, &name(group), bytes, address)?;
            }
            crowd.until_joined(stop, load.window.limit())?;
        }
        Ok(crowd)
    }

    fn arrive(
        &mut self,
        client: usize,
        group: usize,
        name: &str,
        bytes: usize,
        address: SocketAddr,
    ) -> Result<(), String> {
        let owner = owner(client);
        let join = Request::Join { group_name: name.into() }.to_line();
        let greet = Request::Post { group_name: name.into(), message: greeting(&owner) }.to_line();
        let connected = TcpStream::connect(address).and_then(|mut socket| {
            socket.set_nodelay(true)?;
            socket.write_all(&[join, greet].concat())?;
            socket.set_nonblocking(true)?;
            epoll::add(&self.epoll, &socket, EventData::new_u64(client as u64), EventFlags::IN)?;
            Ok(socket)
        });
        let socket = connected.map_err(|error| format!("client {client} cannot connect to {address}: {error}"))?;
        self.members.push(Member::new(socket, group, owner, Post::new(name, &owner, bytes)));
        Ok(())
    }

    fn until_joined(&mut self, stop: &AtomicBool, limit: Duration) -> Result<(), String> {
        let (mut joined, mut since) = (self.tally.joined, Instant::now());
        while self.tally.joined < self.members.len() {
            self.turn(Duration::from_millis(100))?;
            if let Some(wrong) = &self.wrong {
                return Err(format!("the server does not let everybody join: {wrong}"));
            }
            if stop.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
            if self.start.elapsed() > limit {
                return Err(format!(
                    "{} clients have not joined in {} s, the limit",
                    self.members.len(),
                    limit.as_secs_f64()
                ));
            }
            if joined < self.tally.joined {
                (joined, since) = (self.tally.joined, Instant::now());
            } else if since.elapsed() > PATIENCE {
                return Err(format!("only {joined} of {} clients have joined, and no more do", self.members.len()));
            }
        }
        Ok(())
    }

    /// Nanoseconds since the beginning.
    pub(crate) fn now(&self) -> u64 {
        nanos(self.start.elapsed())
    }

    /// Everybody posts.
    pub(crate) fn post_all(&mut self) -> Result<(), String> {
        (0..self.members.len()).try_for_each(|client| self.post(client, self.now()))
    }

    /// One client posts what should be sent at this time.
    pub(crate) fn post(&mut self, client: usize, time: u64) -> Result<(), String> {
        let member = &mut self.members[client];
        let was_blocked = member.is_blocked();
        self.tally.writes += member.post(time).map_err(|error| format!("client {client} cannot post: {error}"))?;
        self.tally.posted += 1;
        self.tally.due += self.groups[member.group].size;
        if self.window.contains(&time) {
            self.tally.posted_in_window += 1;
            self.late.saturating_record(self.now().saturating_sub(time));
        }
        self.watch(client, was_blocked)
    }

    /// Waits until there is something to do, no longer than this, and does it.
    pub(crate) fn turn(&mut self, wait: Duration) -> Result<(), String> {
        let mut events = std::mem::take(&mut self.events);
        self.wait(wait, &mut events).map_err(|error| format!("cannot wait: {error}"))?;
        for event in events.drain(..) {
            let (client, flags) = (event.data.u64() as usize, event.flags);
            if flags.contains(EventFlags::OUT) {
                let sent = self.members[client].flush();
                self.tally.writes += sent.map_err(|error| format!("client {client} cannot post: {error}"))?;
                self.watch(client, true)?;
            }
            if flags != EventFlags::OUT {
                self.read(client)?;
            }
        }
        self.events = events;
        Ok(())
    }

    fn wait(&self, wait: Duration, events: &mut Vec<Event>) -> Result<(), Errno> {
        let time = |wait: Duration| Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() };
        let mut wait = time(wait);
        if wait < time(SHORT) {
            poll(&mut [PollFd::new(&self.epoll, PollFlags::IN)], Some(&wait)).or_else(unless_interrupted)?;
            wait = time(Duration::ZERO);
        }
        epoll::wait(&self.epoll, spare_capacity(events), Some(&wait)).or_else(unless_interrupted)?;
        Ok(())
    }

    fn read(&mut self, client: usize) -> Result<(), String> {
        let Crowd { members, groups, buffer, start, window, tally, latency, wrong, .. } = self;
        let member = &mut members[client];
        let (form, owner, returned) = (&groups[member.group].form, member.owner, tally.returned);
        let read = member.read(buffer, |line| match form.hear(line, &owner) {
            Heard::Post => tally.delivered += 1,
            Heard::Own(time) => {
                tally.delivered += 1;
                tally.returned += 1;
                if window.contains(&time) {
                    latency.saturating_record(nanos(start.elapsed()).saturating_sub(time));
                }
            }
            Heard::Greeting(own) => tally.joined += usize::from(own),
            Heard::Dropped(lines) => tally.dropped += lines,
            Heard::Wrong(line) => {
                tally.wrong += 1;
                wrong.get_or_insert(line);
            }
        });
        read.map_err(|error| format!("client {client}: {error}"))?;
        if self.again && self.tally.returned > returned {
            self.post(client, self.now())?;
        }
        Ok(())
    }

    /// Waits for room in the kernel's buffer as long as, and only as long as, a client needs some.
    fn watch(&self, client: usize, was_blocked: bool) -> Result<(), String> {
        let member = &self.members[client];
        if member.is_blocked() == was_blocked {
            return Ok(());
        }
        let flags = if was_blocked { EventFlags::IN } else { EventFlags::IN | EventFlags::OUT };
        epoll::modify(&self.epoll, &member.socket, EventData::new_u64(client as u64), flags)
            .map_err(|error| format!("cannot wait for client {client}: {error}"))
    }
}

/// From a microsecond to two minutes, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, 120_000_000_000, 3).expect("the bounds are apart")
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

/// A signal ends a wait early, and that is all.
fn unless_interrupted(error: Errno) -> Result<usize, Errno> {
    if error == Errno::INTR { Ok(0) } else { Err(error) }
}
