//! A solution of the exercise. Yours may look different and be as good: what counts is that the
//! checks pass.

use std::{
    future::{Future, poll_fn},
    io::{self, ErrorKind},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use chat::{Backlog, BadLine, Groups, Limits, LineDecoder, Member, Session};
use futures::{
    AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, Stream, StreamExt,
    future::{Either, select},
    io::BufReader,
    task::AtomicWaker,
};
use tokio::time::{sleep, timeout};

// Step 1

/// The reading side of a connection.
pub struct Reader<R> {
    socket: BufReader<R>,
    decoder: LineDecoder,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Reads lines of at most `max_line` bytes.
    pub fn new(socket: R, max_line: usize) -> Self {
        Reader { socket: BufReader::with_capacity(4096, socket), decoder: LineDecoder::new(max_line) }
    }

    /// The next line, or what is wrong with it; `None` at the end of input.
    pub async fn read(&mut self) -> io::Result<Option<Result<String, BadLine>>> {
        loop {
            // Cancelled here, it loses nothing: what came before is in the decoder, what comes is
            // in the buffer.
            let chunk = self.socket.fill_buf().await?;
            let mut rest = chunk;
            let line = if chunk.is_empty() { self.decoder.finish() } else { self.decoder.next(&mut rest) };
            let line = line.map(|line| line.map(str::to_owned));
            let (ended, used) = (chunk.is_empty(), chunk.len() - rest.len());
            self.socket.consume_unpin(used);
            if ended || line.is_some() {
                return Ok(line);
            }
        }
    }
}

// Step 2

/// Short enough that nobody notices, long enough to cost nothing while descriptors are lacking.
const PAUSE: Duration = Duration::from_millis(50);

/// Hands each accepted connection to `on_client`; no error ends it.
pub async fn accept<C>(incoming: impl Stream<Item = io::Result<C>>, mut on_client: impl FnMut(C)) {
    let mut incoming = pin!(incoming);
    while let Some(client) = incoming.next().await {
        match client {
            Ok(client) => on_client(client),
            // It says nothing of the next client.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            // Out of descriptors: the next attempt would fail at once as well. Everybody else is
            // served meanwhile.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

// Steps 3 and 4. Nothing panics while it holds one of these locks, so that none is ever poisoned;
// and no task holds one while it waits.

/// Waits until `check` gives something. Whoever changes what it looks at wakes `waker`.
async fn wait_for<T>(waker: &AtomicWaker, mut check: impl FnMut() -> Option<T>) -> T {
    poll_fn(|cx| {
        // First, so that a change after the look finds somebody to wake.
        waker.register(cx.waker());
        check().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// What waits for one client.
pub struct Mailbox {
    state: Mutex<State>,
    /// Wakes the writer: something waits, or the phase is another.
    filled: AtomicWaker,
    /// Wakes the reader: there is room, or the phase is another.
    emptied: AtomicWaker,
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
        Mailbox {
            state: Mutex::new(State { backlog: Backlog::new(limits), phase: Phase::Open }),
            filled: AtomicWaker::new(),
            emptied: AtomicWaker::new(),
            half_closed: limits.half_closed,
        }
    }

    /// Leaves the answer to a request, which is never dropped: whoever asks too much waits.
    pub async fn reply(&self, line: Arc<[u8]>) {
        wait_for(&self.emptied, || {
            let mut state = self.state.lock().unwrap();
            let fits = state.backlog.has_room_for(line.len());
            if fits && state.phase != Phase::Closed {
                state.backlog.push(Arc::clone(&line));
            }
            (fits || state.phase == Phase::Closed).then_some(())
        })
        .await;
        self.filled.wake();
    }

    /// The client asks no more, and still listens.
    fn half_close(&self) {
        self.enter(Phase::HalfClosed);
    }

    /// No more is taken; what waits is still written.
    pub fn close(&self) {
        self.enter(Phase::Closed);
    }

    /// Waits until it is closed.
    async fn closed(&self) {
        wait_for(&self.emptied, || (self.state.lock().unwrap().phase == Phase::Closed).then_some(())).await;
    }

    /// Writes what waits, until the mailbox is closed and empty.
    pub async fn write_to(&self, mut socket: impl AsyncWrite + Unpin) -> io::Result<()> {
        while let Some(batch) = self.take().await {
            socket.write_all(&batch).await?;
        }
        Ok(())
    }

    /// Waits until something is there, and takes it all; `None` once nothing will come any more.
    async fn take(&self) -> Option<Vec<u8>> {
        let mut patience = None;
        poll_fn(|cx| {
            self.filled.register(cx.waker());
            let mut state = self.state.lock().unwrap();
            if !state.backlog.is_empty() {
                let mut batch = Vec::new();
                state.backlog.take(&mut batch);
                self.emptied.wake();
                return Poll::Ready(Some(batch));
            }
            match state.phase {
                Phase::Open => Poll::Pending,
                // Starts when a poll first sees this phase: entering it wakes whoever waits here.
                Phase::HalfClosed => {
                    let timer = patience.get_or_insert_with(|| Box::pin(sleep(self.half_closed)));
                    timer.as_mut().poll(cx).map(|()| None)
                }
                Phase::Closed => Poll::Ready(None),
            }
        })
        .await
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state.lock().unwrap();
        // There is no way back from the end.
        if state.phase != Phase::Closed {
            state.phase = phase;
        }
        drop(state);
        self.filled.wake();
        self.emptied.wake();
    }
}

impl Member for Mailbox {
    fn deliver(&self, group: &str, line: &Arc<[u8]>) {
        let mut state = self.state.lock().unwrap();
        if state.phase != Phase::Closed {
            state.backlog.post(group, line);
        }
        drop(state);
        self.filled.wake();
    }
}

// Steps 3 and 5

/// The chat server.
pub struct Server {
    groups: Arc<Groups<Mailbox>>,
    limits: Limits,
    stopping: AtomicBool,
    /// Wakes the accept loop: the server shall stop.
    stop: AtomicWaker,
    open: Mutex<Vec<Arc<Mailbox>>>,
    /// Wakes `run`: a connection has ended.
    left: AtomicWaker,
}

impl Server {
    /// A server that nobody has connected to yet.
    pub fn new(limits: Limits) -> Self {
        Server {
            groups: Arc::default(),
            limits,
            stopping: false.into(),
            stop: AtomicWaker::new(),
            open: Mutex::default(),
            left: AtomicWaker::new(),
        }
    }

    /// Serves each connection on two tasks, until it is stopped and all of them have ended.
    pub async fn run<R, W>(self: &Arc<Self>, incoming: impl Stream<Item = io::Result<(R, W)>>)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let stopped = wait_for(&self.stop, || self.stopping.load(Ordering::SeqCst).then_some(()));
        accept(incoming.take_until(stopped), |(read, write)| self.serve(read, write)).await;
        self.open.lock().unwrap().iter().for_each(|mailbox| mailbox.close());
        let all_left = wait_for(&self.left, || self.open.lock().unwrap().is_empty().then_some(()));
        // Whoever takes longer loses what still waits.
        let _ = timeout(self.limits.drain, all_left).await;
    }

    /// Starts the two tasks of a connection.
    fn serve<R, W>(self: &Arc<Self>, read: R, mut write: W)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let mailbox = Arc::new(Mailbox::new(&self.limits));
        self.open.lock().unwrap().push(Arc::clone(&mailbox));
        let own = Arc::clone(&mailbox);
        let writer = tokio::spawn(async move {
            let _ = own.write_to(&mut write).await;
            // Ends the reader's wait too.
            own.close();
            let _ = write.close().await;
        });
        let server = Arc::clone(self);
        tokio::spawn(async move {
            server.hear(read, &mailbox).await;
            let _ = writer.await;
            server.leave(&mailbox);
        });
    }

    /// Serves the requests of one connection, until there are no more or its mailbox is closed.
    async fn hear(&self, socket: impl AsyncRead + Unpin, mailbox: &Arc<Mailbox>) {
        let mut session = Session::new(Arc::clone(&self.groups), Arc::clone(mailbox), &self.limits);
        let mut reader = Reader::new(socket, self.limits.line_bytes);
        let requests = async {
            while let Some(line) = reader.read().await? {
                if let Err(reply) = session.handle(line.as_deref().map_err(BadLine::clone)) {
                    mailbox.reply(reply.to_line()).await;
                }
            }
            io::Result::Ok(())
        };
        let heard_all = matches!(select(pin!(mailbox.closed()), pin!(requests)).await, Either::Right((Ok(()), _)));
        if heard_all && session.is_member() {
            mailbox.half_close();
        } else {
            mailbox.close();
        }
        // If the server ends first, the client ends its side too: to close before that loses what
        // is under way to it.
        while let Ok(Some(_)) = reader.read().await {}
        // A half-closed client stays a member until its writer has ended.
        mailbox.closed().await;
    }

    /// Makes `run` accept no more, write what waits, and return.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.stop.wake();
    }

    fn leave(&self, mailbox: &Arc<Mailbox>) {
        self.open.lock().unwrap().retain(|other| !Arc::ptr_eq(other, mailbox));
        self.left.wake();
    }
}
