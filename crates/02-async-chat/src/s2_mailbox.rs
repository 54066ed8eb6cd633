//! Stage 2: the mailbox design, over the `futures` I/O traits and so for any runtime. A post is
//! serialised once and left in each member's mailbox; a connection's writer puts all that waits
//! into the socket with one write.

use std::{
    future::{Future, poll_fn},
    io,
    ops::ControlFlow,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use chat::{BadLine, Groups, Limits, Reply, Session};
use futures::{AsyncRead, AsyncWrite, AsyncWriteExt, Stream, StreamExt};
use tracing::{debug, info, warn};

use crate::{
    Runtime,
    parts::{
        census,
        crew::{Crew, Seat},
        mailbox::{Mailbox, Phase},
        reader::Reader,
        stop::{Stop, unless},
        writers::Writers,
    },
};

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// A server, for any runtime.
#[derive(Debug)]
pub struct Server<R> {
    runtime: R,
    groups: Arc<Groups<Mailbox>>,
    limits: Limits,
    crew: Arc<Crew>,
    writers: Writers<R>,
    stop: Arc<Stop>,
}

/// The two sides of an accepted connection, as a runtime's streams are split.
pub type Sides<R, W> = (R, W);

impl<Rt: Runtime> Server<Rt> {
    /// A server with these limits, which accepts until `stop` is set. Its tasks are started on
    /// `runtime`.
    pub fn new(runtime: Rt, limits: Limits, stop: Arc<Stop>) -> Self {
        let (groups, crew) = (Arc::default(), Arc::new(Crew::new(limits.connections)));
        let writers = Writers::new(runtime.clone());
        Server { runtime, groups, limits, crew, writers, stop }
    }

    /// Serves the connections of `incoming` until the stop is set or there are no more; then gives
    /// every connection the time that the limits allow to write what waits.
    pub async fn run<R, W>(self, incoming: impl Stream<Item = io::Result<Sides<R, W>>>)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let server = Arc::new(self);
        server.accept(incoming).await;
        server.crew.close();
        let patience = server.runtime.sleep(server.limits.drain);
        unless(patience, server.crew.all_left()).await;
        info!(target: "async-chat", "stopped");
    }

    // ANCHOR: accept
    async fn accept<R, W>(self: &Arc<Self>, incoming: impl Stream<Item = io::Result<Sides<R, W>>>)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let mut incoming = pin!(incoming);
        let mut pause = FIRST_PAUSE;
        while let Some(Some(stream)) = self.stop.or(incoming.next()).await {
            match stream {
                Ok(sides) => {
                    pause = FIRST_PAUSE;
                    self.admit(sides);
                }
                Err(error) if concerns_one_client(&error) => debug!(target: "async-chat", %error, "a client gave up"),
                Err(error) => {
                    warn!(target: "async-chat", %error, ?pause, "cannot accept");
                    self.stop.or(self.runtime.sleep(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
    // ANCHOR_END: accept

    fn admit<R, W>(self: &Arc<Self>, (read, mut write): Sides<R, W>)
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        let Some(seat) = self.crew.enter(Mailbox::new(&self.limits)) else {
            let full = format!("The server is full: {} connections", self.limits.connections);
            return self.runtime.spawn(async move {
                let _ = write.write_all(&Reply::Error(full).to_line()).await;
                let _ = write.close().await;
            });
        };
        // Two futures: a post that arrives wakes the writer only, a request the reader only, and
        // neither polls in vain.
        let held = seat.clone();
        let (runtime, quiet) = (self.runtime.clone(), self.limits.half_closed);
        self.writers.run(async move {
            let written = write_out(&mut write, held.mailbox(), &runtime, quiet).await;
            held.mailbox().enter(Phase::Closed);
            let _ = write.close().await;
            drop(held);
            debug!(target: "async-chat", ?written, "a writer has ended");
        });
        let server = Arc::clone(self);
        self.runtime.spawn(async move { server.read(read, seat).await });
    }

    // ANCHOR: read
    async fn read<R: AsyncRead + Send + Unpin>(&self, socket: R, seat: Seat) {
        census::here_i_am();
        let mailbox = seat.mailbox();
        let mut session = Session::new(Arc::clone(&self.groups), Arc::clone(mailbox), &self.limits);
        let mut reader = Reader::new(socket, self.limits.line_bytes);
        let requests = async {
            let mut full = None;
            while reader.read(|line| answer(&mut session, mailbox, line, &mut full)).await? {
                // A client that does not read its answers gets no further request served, until
                // there is room for one.
                while let Some(reply) = full.take() {
                    mailbox.room_for(&reply).await;
                    full = mailbox.reply(reply).err();
                }
            }
            io::Result::Ok(())
        };
        let ended = unless(mailbox.closed(), requests).await;
        match ended {
            // Nothing more to ask is not nothing more to hear.
            Some(Ok(())) if session.is_member() => mailbox.enter(Phase::HalfClosed),
            _ => mailbox.enter(Phase::Closed),
        }
        if ended.is_none() {
            // The server ends this connection first. It is closed once the client has ended its
            // side too: to close a socket with unread input throws away what is under way to its
            // client.
            while let Ok(true) = reader.read(|_| ControlFlow::Continue(())).await {}
        }
        drop(reader);
        mailbox.closed().await;
        debug!(target: "async-chat", ?ended, "a reader has ended");
    }
    // ANCHOR_END: read
}

fn answer(
    session: &mut Session<Mailbox>,
    mailbox: &Mailbox,
    line: Result<&str, BadLine>,
    full: &mut Option<Arc<[u8]>>,
) -> ControlFlow<()> {
    if let Err(reply) = session.handle(line) {
        *full = mailbox.reply(reply.to_line()).err();
    }
    if full.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

// ANCHOR: write_out
/// A connection's writer: puts all that waits into the socket, with one write if the kernel takes
/// it, until the mailbox is closed and empty, or its member has half-closed and been quiet for
/// `quiet`. While nothing waits it holds no buffer.
///
/// # Errors
///
/// The connection broke.
pub async fn write_out<W: AsyncWrite + Unpin>(
    socket: &mut W,
    mailbox: &Mailbox,
    runtime: &impl Runtime,
    quiet: Duration,
) -> io::Result<()> {
    loop {
        let mut timer = None;
        let filled = poll_fn(|cx| {
            if let Poll::Ready(filled) = mailbox.poll_filled(cx) {
                return Poll::Ready(filled);
            }
            if mailbox.phase() != Phase::HalfClosed {
                return Poll::Pending;
            }
            // Boxed, since few connections ever need it.
            let timer = timer.get_or_insert_with(|| Box::pin(runtime.sleep(quiet)));
            timer.as_mut().poll(cx).map(|()| false)
        });
        if !filled.await {
            return Ok(());
        }
        // Whoever is ready goes first: what it posts goes out with the same write, and a write is
        // what costs.
        yield_now().await;
        socket.write_all(&mailbox.take()).await?;
    }
}
// ANCHOR_END: write_out

/// Lets every task that is ready go first: is not ready at the first poll, and asks for the second
/// itself.
async fn yield_now() {
    let mut asked = false;
    poll_fn(|cx| {
        if asked {
            return Poll::Ready(());
        }
        asked = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Whether an error of accept is about the connection that was to be accepted, and says nothing of
/// the next one.
fn concerns_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
