//! The chat on async-std: the accept loop of the notes, and the mailbox design. async-std is
//! discontinued (RUSTSEC-2025-0052); smol is the successor that its authors name.

use std::{
    future::Future,
    io,
    net::Shutdown,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_std::{
    net::{TcpListener, TcpStream},
    task,
};
use chat::Limits;
use futures::{AsyncWrite, Stream, StreamExt, stream};
use tracing::debug;

use crate::{
    Runtime,
    parts::stop::Stop,
    s1_plain::{Groups, log_error, serve},
    s2_mailbox::{Server, Sides},
};

/// The runtime, as the chat knows it.
#[derive(Clone, Copy, Debug)]
pub struct AsyncStd;

impl Runtime for AsyncStd {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        task::spawn(task);
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        task::sleep(duration)
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
        task::spawn(async move {
            let (read, write) = (stream.clone(), stream);
            log_error(serve(AsyncStd, read, write, groups, limits).await);
        });
    }
    Ok(())
}
// ANCHOR_END: accept

/// Stage 1 on this runtime, with `TCP_NODELAY` or, as in the notes, without.
///
/// # Errors
///
/// Those of [`accept`].
pub fn plain(listener: std::net::TcpListener, limits: Limits, nodelay: bool) -> io::Result<()> {
    let listener = TcpListener::from(listener);
    let incoming = listener.incoming().map(move |stream| stream.map(|stream| prepared(stream, nodelay)));
    task::block_on(accept(incoming, Groups::default(), limits))
}

/// Stage 2 on this runtime, with `TCP_NODELAY` or without.
///
/// # Errors
///
/// The listener cannot be used.
pub fn mailbox(listener: std::net::TcpListener, limits: Limits, stop: Arc<Stop>, nodelay: bool) -> io::Result<()> {
    let listener = TcpListener::from(listener);
    // Not `incoming()`, which borrows the listener: this one goes with the accept loop, and whoever
    // comes late is refused.
    let incoming = stream::unfold(listener, move |listener| async move {
        let accepted = listener.accept().await;
        Some((accepted.map(|(stream, _)| sides(stream, nodelay)), listener))
    });
    task::block_on(Server::new(AsyncStd, limits, stop).run(incoming));
    Ok(())
}

/// A stream with `TCP_NODELAY` or without.
fn prepared(stream: TcpStream, nodelay: bool) -> TcpStream {
    // It fails only if the connection has broken already, as its reader will find; that says
    // nothing of the next one.
    let _ = stream.set_nodelay(nodelay);
    debug!(target: "async-chat", nodelay = ?stream.nodelay(), "accepted");
    stream
}

/// The two sides of a connection: handles on one socket, which has `TCP_NODELAY` or not.
pub fn sides(stream: TcpStream, nodelay: bool) -> Sides<TcpStream, WritingSide> {
    let stream = prepared(stream, nodelay);
    (stream.clone(), WritingSide(stream))
}

/// The writing side. Its `close` ends that side of the connection, as on the other runtimes:
/// async-std's own does nothing.
#[derive(Debug)]
pub struct WritingSide(TcpStream);

impl AsyncWrite for WritingSide {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown(Shutdown::Write))
    }
}
