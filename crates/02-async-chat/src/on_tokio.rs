//! The chat on tokio, whose sockets know tokio's own I/O traits: `compat` turns them into those of
//! `futures`. Its runtime is built and entered by hand, with a pool of threads or on the current
//! one.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use chat::Limits;
use futures::{AsyncWrite, Stream, StreamExt};
use tokio::{
    io::AsyncWrite as _,
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime,
};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};
use tracing::debug;

use crate::{
    Runtime,
    parts::stop::Stop,
    s1_plain::{Groups, log_error, serve},
    s2_mailbox::{Server, Sides},
};

/// The runtime, as the chat knows it.
#[derive(Clone, Copy, Debug)]
pub struct Tokio;

impl Runtime for Tokio {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        tokio::time::sleep(duration)
    }
}

// ANCHOR: accept
/// Serves each connection on a task of its own.
///
/// # Errors
///
/// The first error of any accepted socket: the `?` hands one client's misfortune to the whole
/// server.
pub async fn accept(
    mut incoming: impl Stream<Item = io::Result<TcpStream>> + Unpin,
    groups: Groups,
    limits: Limits,
) -> io::Result<()> {
    while let Some(stream) = incoming.next().await {
        let stream = stream?;
        let (groups, limits) = (groups.clone(), limits.clone());
        // ANCHOR: spawn
        tokio::spawn(async move {
            let (read, write) = stream.into_split();
            log_error(serve(Tokio, read.compat(), write.compat_write(), groups, limits).await);
        });
        // ANCHOR_END: spawn
    }
    Ok(())
}
// ANCHOR_END: accept

/// Which of tokio's two runtimes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flavor {
    /// A pool of threads, one for each core, that steal tasks from each other.
    MultiThread,
    /// The thread that calls, and no other.
    CurrentThread,
}

impl Flavor {
    fn build(self) -> io::Result<runtime::Runtime> {
        let mut builder = match self {
            Flavor::MultiThread => runtime::Builder::new_multi_thread(),
            Flavor::CurrentThread => runtime::Builder::new_current_thread(),
        };
        builder.enable_all().build()
    }
}

/// Stage 1 on this runtime, with `TCP_NODELAY` or, as in the notes, without.
///
/// # Errors
///
/// Those of [`accept`], and of building the runtime.
pub fn plain(flavor: Flavor, listener: std::net::TcpListener, limits: Limits, nodelay: bool) -> io::Result<()> {
    flavor.build()?.block_on(async {
        let incoming = incoming(listener)?.map(move |stream| stream.map(|stream| prepared(stream, nodelay)));
        accept(incoming, Groups::default(), limits).await
    })
}

/// Stage 2 on this runtime, with `TCP_NODELAY` or without.
///
/// # Errors
///
/// The runtime cannot be built, or the listener not be used.
pub fn mailbox(
    flavor: Flavor,
    listener: std::net::TcpListener,
    limits: Limits,
    stop: Arc<Stop>,
    nodelay: bool,
) -> io::Result<()> {
    flavor.build()?.block_on(async {
        let incoming = incoming(listener)?.map(|stream| stream.map(|stream| sides(stream, nodelay)));
        Server::new(Tokio, limits, stop).run(incoming).await;
        Ok(())
    })
}

// ANCHOR: incoming
/// The connections of a listener as a stream, which tokio's own listener is not.
fn incoming(listener: std::net::TcpListener) -> io::Result<TcpListenerStream> {
    listener.set_nonblocking(true)?;
    Ok(TcpListenerStream::new(TcpListener::from_std(listener)?))
}
// ANCHOR_END: incoming

/// A stream with `TCP_NODELAY` or without.
fn prepared(stream: TcpStream, nodelay: bool) -> TcpStream {
    // It fails only if the connection has broken already, as its reader will find; that says
    // nothing of the next one.
    let _ = stream.set_nodelay(nodelay);
    debug!(target: "async-chat", nodelay = ?stream.nodelay(), "accepted");
    stream
}

/// The two sides of a connection, which has `TCP_NODELAY` or not.
pub fn sides(stream: TcpStream, nodelay: bool) -> Sides<Compat<OwnedReadHalf>, WritingSide> {
    let (read, write) = prepared(stream, nodelay).into_split();
    (read.compat(), WritingSide(write))
}

// ANCHOR: writing_side
/// The writing side. It writes without tokio's I/O trait, which lets a task use its sockets 128
/// times in a poll and then answers `Pending` to make it yield: one task runs the writers of many
/// more, and yields by itself.
#[derive(Debug)]
pub struct WritingSide(OwnedWriteHalf);

impl AsyncWrite for WritingSide {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.0.as_ref().poll_write_ready(cx))?;
                }
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
// ANCHOR_END: writing_side
