//! The server behind the row `limit`: one thread, one readiness loop, and nothing else. It costs
//! what parsing, copying and the kernel cost; a runtime's own price is the distance to it.
//!
//! It is no server to use: a member that does not read costs memory without a bound, and running
//! out of descriptors ends it.

use std::{
    collections::HashMap,
    convert::Infallible,
    io::{self, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    os::fd::{AsRawFd, OwnedFd},
};

use chat::{BadLine, LineDecoder, Reply, Request};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
};

/// The longest line of a request.
const LINE: usize = 64 * 1024;

/// Events taken at a time. Whatever they make for one member goes out in one write.
const BATCH: usize = 1024;

/// Serves until something breaks that is not a client.
///
/// # Errors
///
/// Those of waiting and of accepting.
pub fn serve(listener: TcpListener) -> io::Result<Infallible> {
    let mut server = Server::new(listener)?;
    let mut events = Vec::with_capacity(BATCH);
    let mut input = vec![0; 64 * 1024];
    loop {
        match epoll::wait(&server.epoll, spare_capacity(&mut events), None) {
            Err(rustix::io::Errno::INTR) => continue,
            waited => waited?,
        };
        for event in events.drain(..) {
            let (id, flags) = (event.data.u64() as usize, event.flags);
            if id == server.listener.as_raw_fd() as usize {
                server.accept()?;
                continue;
            }
            if flags.contains(EventFlags::OUT) {
                server.unwritten.push(id);
            }
            // Also for an error or a hang-up: it is the read that says what has happened.
            if flags != EventFlags::OUT {
                server.read(id, &mut input);
            }
        }
        for id in std::mem::take(&mut server.unwritten) {
            server.write(id)?;
        }
    }
}

struct Server {
    epoll: OwnedFd,
    listener: TcpListener,
    /// Indexed by descriptor: the kernel gives out the lowest free number, so this stays dense, and
    /// a number is not used again within a batch, because connections are closed at its end.
    connections: Vec<Option<Connection>>,
    groups: HashMap<String, Vec<usize>>,
    /// Connections to write to at the end of the batch.
    unwritten: Vec<usize>,
}

struct Connection {
    socket: TcpStream,
    decoder: LineDecoder,
    groups: Vec<String>,
    out: Vec<u8>,
    /// The client says no more: it gets what waits for it, and that was all.
    ended: bool,
    /// The events that the loop waits for.
    interest: EventFlags,
}

impl Server {
    fn new(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(listener.as_raw_fd() as u64), EventFlags::IN)?;
        Ok(Server { epoll, listener, connections: Vec::new(), groups: HashMap::new(), unwritten: Vec::new() })
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let (id, interest) = (socket.as_raw_fd() as usize, EventFlags::IN);
            epoll::add(&self.epoll, &socket, EventData::new_u64(id as u64), interest)?;
            if self.connections.len() <= id {
                self.connections.resize_with(id + 1, || None);
            }
            let decoder = LineDecoder::new(LINE);
            let connection =
                Connection { socket, decoder, groups: Vec::new(), out: Vec::new(), ended: false, interest };
            self.connections[id] = Some(connection);
        }
    }

    /// One read, and everything it asks for. If there is more, the next batch says so.
    fn read(&mut self, id: usize, input: &mut [u8]) {
        let length = match self.connection(id).socket.read(input) {
            Ok(0) => return self.end(id),
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return,
            Err(_) => return self.end(id),
        };
        let mut chunk = &input[..length];
        while let Some(line) = self.connection(id).decoder.next(&mut chunk) {
            let request = line.and_then(Request::parse);
            if let Err(reply) = self.obey(id, request) {
                let line = reply.to_line();
                self.send(id, &line);
            }
        }
    }

    fn obey(&mut self, id: usize, request: Result<Request, BadLine>) -> Result<(), Reply> {
        match request.map_err(|bad| Reply::Error(bad.to_string()))? {
            Request::Join { group_name } => {
                let joined = &mut self.connection(id).groups;
                if !joined.contains(&group_name) {
                    joined.push(group_name.clone());
                    self.groups.entry(group_name).or_default().push(id);
                }
            }
            Request::Post { group_name, message } => {
                let Some(members) = self.groups.get(&group_name) else {
                    return Err(Reply::Error(format!("Group '{group_name}' does not exist")));
                };
                // Serialised once; from here on a delivery is a copy of so many bytes.
                let line = Reply::Message { group_name, message }.to_line();
                for &member in members {
                    let Some(connection) = &mut self.connections[member] else { continue };
                    if connection.out.is_empty() {
                        self.unwritten.push(member);
                    }
                    connection.out.extend_from_slice(&line);
                }
            }
            Request::Leave { group_name } => {
                let joined = &mut self.connection(id).groups;
                let Some(place) = joined.iter().position(|group| *group == group_name) else {
                    return Err(Reply::Error(format!("You are not in group '{group_name}'")));
                };
                joined.swap_remove(place);
                self.leave(id, &group_name);
            }
        }
        Ok(())
    }

    fn send(&mut self, id: usize, line: &[u8]) {
        self.connection(id).out.extend_from_slice(line);
        self.unwritten.push(id);
    }

    fn write(&mut self, id: usize) -> io::Result<()> {
        // A connection may stand in the list twice, and be gone by now.
        let Some(connection) = &mut self.connections[id] else { return Ok(()) };
        match connection.flush() {
            Ok(()) if connection.ended && connection.out.is_empty() => {}
            Ok(()) => return connection.watch(&self.epoll, id),
            Err(_) => self.end(id),
        }
        self.connections[id] = None;
        Ok(())
    }

    /// The client has ended. Nothing is posted to it any more.
    fn end(&mut self, id: usize) {
        let connection = self.connection(id);
        connection.ended = true;
        for group in std::mem::take(&mut connection.groups) {
            self.leave(id, &group);
        }
        self.unwritten.push(id);
    }

    fn leave(&mut self, id: usize, group: &str) {
        if let Some(members) = self.groups.get_mut(group) {
            members.retain(|&member| member != id);
            if members.is_empty() {
                self.groups.remove(group);
            }
        }
    }

    fn connection(&mut self, id: usize) -> &mut Connection {
        self.connections[id].as_mut().expect("events and groups name open connections only")
    }
}

impl Connection {
    /// One write of everything that waits. What the kernel does not take waits on.
    fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        match self.socket.write(&self.out) {
            Ok(length) => drop(self.out.drain(..length)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Tells the loop what to wait for, if that has changed.
    fn watch(&mut self, epoll: &OwnedFd, id: usize) -> io::Result<()> {
        let mut interest = EventFlags::empty();
        interest.set(EventFlags::IN, !self.ended);
        interest.set(EventFlags::OUT, !self.out.is_empty());
        if std::mem::replace(&mut self.interest, interest) != interest {
            epoll::modify(epoll, &self.socket, EventData::new_u64(id as u64), interest)?;
        }
        Ok(())
    }
}
