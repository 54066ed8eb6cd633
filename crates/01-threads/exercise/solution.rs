//! A solution of the exercise. Yours may look different and be as good: what counts is that the
//! checks pass.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use chat::{Backlog, BadLine, Groups, Limits, LineDecoder, Member, Session};

// Step 1

/// Calls `on_line` with each line of `stream`, until its end.
pub fn read_lines(
    mut stream: impl Read,
    max_line: usize,
    mut on_line: impl FnMut(Result<&str, BadLine>),
) -> io::Result<()> {
    let mut decoder = LineDecoder::new(max_line);
    let mut chunk = [0; 4096];
    loop {
        let mut input = match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => &chunk[..length],
            // The decoder still holds the beginning of the line.
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        while let Some(line) = decoder.next(&mut input) {
            on_line(line);
        }
    }
    decoder.finish().into_iter().for_each(on_line);
    Ok(())
}

// Step 2

/// Short enough that nobody notices, long enough to cost nothing while descriptors are lacking.
const PAUSE: Duration = Duration::from_millis(50);

/// Hands each accepted connection to `on_client`; no error ends it.
pub fn accept(incoming: impl Iterator<Item = io::Result<TcpStream>>, mut on_client: impl FnMut(TcpStream)) {
    for stream in incoming {
        match stream {
            Ok(stream) => on_client(stream),
            // It says nothing of the next client.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            // Out of descriptors: the next attempt would fail at once as well.
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

// Steps 3 and 4. Nothing panics while it holds one of these locks, so that none is ever poisoned.

/// What waits for one client.
pub struct Mailbox {
    state: Mutex<State>,
    /// Something waits now that did not, or no longer waits, or the phase is another.
    changed: Condvar,
    half_closed: Duration,
}

struct State {
    backlog: Backlog,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Open,
    HalfClosed,
    Closed,
}

impl Mailbox {
    /// An empty mailbox.
    pub fn new(limits: &Limits) -> Self {
        let state = State { backlog: Backlog::new(limits), phase: Phase::Open };
        Mailbox { state: Mutex::new(state), changed: Condvar::new(), half_closed: limits.half_closed }
    }

    /// Leaves the answer to a request, which is never dropped: whoever asks too much waits.
    pub fn reply(&self, line: Arc<[u8]>) {
        let full = |state: &mut State| state.phase != Phase::Closed && !state.backlog.has_room_for(line.len());
        let mut state = self.changed.wait_while(self.state.lock().unwrap(), full).unwrap();
        if state.phase != Phase::Closed {
            state.backlog.push(Arc::clone(&line));
            self.changed.notify_all();
        }
    }

    /// The client asks no more, and still listens.
    pub fn half_close(&self) {
        self.enter(Phase::HalfClosed);
    }

    /// No more is taken; what waits is still written.
    pub fn close(&self) {
        self.enter(Phase::Closed);
    }

    /// Writes what waits, until the mailbox is closed and empty.
    pub fn write_to(&self, mut socket: impl Write) -> io::Result<()> {
        while let Some(batch) = self.take() {
            socket.write_all(&batch)?;
        }
        Ok(())
    }

    /// Waits until something is there, and takes it all; `None` once nothing will come any more.
    fn take(&self) -> Option<Vec<u8>> {
        let mut state = self.state.lock().unwrap();
        while state.backlog.is_empty() {
            let patience = match state.phase {
                Phase::Open => Duration::MAX,
                Phase::HalfClosed => self.half_closed,
                Phase::Closed => return None,
            };
            let waited;
            (state, waited) = self.changed.wait_timeout(state, patience).unwrap();
            if waited.timed_out() && state.backlog.is_empty() {
                return None;
            }
        }
        let mut batch = Vec::new();
        state.backlog.take(&mut batch);
        self.changed.notify_all();
        Some(batch)
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state.lock().unwrap();
        // There is no way back from the end.
        if state.phase != Phase::Closed {
            state.phase = phase;
        }
        self.changed.notify_all();
    }
}

impl Member for Mailbox {
    fn deliver(&self, group: &str, line: &Arc<[u8]>) {
        let mut state = self.state.lock().unwrap();
        if state.phase != Phase::Closed {
            state.backlog.post(group, line);
            self.changed.notify_all();
        }
    }
}

// Steps 3 and 5

/// The chat server.
pub struct Server {
    groups: Arc<Groups<Mailbox>>,
    limits: Limits,
    stopping: AtomicBool,
    open: Mutex<Vec<Arc<Connection>>>,
    left: Condvar,
}

struct Connection {
    stream: TcpStream,
    mailbox: Arc<Mailbox>,
}

impl Server {
    /// A server that nobody has connected to yet.
    pub fn new(limits: Limits) -> Self {
        Server { groups: Arc::default(), limits, stopping: false.into(), open: Mutex::default(), left: Condvar::new() }
    }

    /// Serves each connection on threads of its own, until it is stopped and all of them have
    /// ended.
    pub fn run(&self, incoming: impl Iterator<Item = io::Result<TcpStream>>) {
        let incoming = incoming.take_while(|_| !self.stopping.load(Ordering::SeqCst));
        thread::scope(|scope| {
            accept(incoming, |stream| {
                let connection = Arc::new(Connection { stream, mailbox: Arc::new(Mailbox::new(&self.limits)) });
                self.open.lock().unwrap().push(Arc::clone(&connection));
                let served = Arc::clone(&connection);
                let thread = thread::Builder::new().spawn_scoped(scope, move || {
                    self.serve(&served.stream, &served.mailbox);
                    self.leave(&served);
                });
                // Out of threads, this one client is not served.
                if thread.is_err() {
                    self.leave(&connection);
                }
            });
            self.drain();
        });
    }

    /// Serves one connection until its end.
    fn serve(&self, stream: &TcpStream, mailbox: &Arc<Mailbox>) {
        // Declared before the threads' scope: a half-closed client stays a member until its writer
        // has ended.
        let mut session = Session::new(Arc::clone(&self.groups), Arc::clone(mailbox), &self.limits);
        thread::scope(|scope| {
            let writer = thread::Builder::new().spawn_scoped(scope, || {
                let written = mailbox.write_to(stream);
                mailbox.close();
                // Behind the last line the client sees the end, and ends its side, for which the
                // reader waits. After an error there is nothing to wait for.
                let _ = stream.shutdown(if written.is_ok() { Shutdown::Write } else { Shutdown::Both });
            });
            if writer.is_err() {
                return;
            }
            let ended = read_lines(stream, self.limits.line_bytes, |line| {
                if let Err(reply) = session.handle(line) {
                    mailbox.reply(reply.to_line());
                }
            });
            match ended {
                Ok(()) if session.is_member() => mailbox.half_close(),
                _ => mailbox.close(),
            }
        });
    }

    /// Makes `run` accept no more on `listener`, write what waits, and return.
    pub fn stop(&self, listener: &TcpListener) {
        self.stopping.store(true, Ordering::SeqCst);
        // On Linux this ends the accept that waits, with an error.
        let _ = socket2::SockRef::from(listener).shutdown(Shutdown::Both);
    }

    /// Closes every mailbox and waits until all have left; whoever takes too long loses the socket.
    fn drain(&self) {
        let open = self.open.lock().unwrap();
        open.iter().for_each(|connection| connection.mailbox.close());
        let (open, _) = self.left.wait_timeout_while(open, self.limits.drain, |open| !open.is_empty()).unwrap();
        for connection in &*open {
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
    }

    fn leave(&self, connection: &Arc<Connection>) {
        self.open.lock().unwrap().retain(|other| !Arc::ptr_eq(other, connection));
        self.left.notify_all();
    }
}
