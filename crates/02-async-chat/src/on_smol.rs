//! The chat on smol, the successor that async-std's authors name. One thing differs: a task that is
//! dropped is cancelled, so a task that shall go on by itself must be detached.

use std::{future::Future, io, sync::Arc, time::Duration};

use chat::Limits;
use futures::{Stream, StreamExt, stream};
use smol::{
    Async, Timer,
    net::{TcpListener, TcpStream},
};
use tracing::debug;

use crate::{
    Runtime,
    parts::stop::Stop,
    s1_plain::{Groups, log_error, serve},
    s2_mailbox::{Server, Sides},
};

/// The runtime, as the chat knows it.
#[derive(Clone, Copy, Debug)]
pub struct Smol;

impl Runtime for Smol {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        let timer = Timer::after(duration);
        async move {
            timer.await;
        }
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
        smol::spawn(async move {
            let (read, write) = (stream.clone(), stream);
            log_error(serve(Smol, read, write, groups, limits).await);
        })
        .detach();
        // ANCHOR_END: spawn
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
    let listener = TcpListener::from(Async::new(listener)?);
    let incoming = listener.incoming().map(move |stream| stream.map(|stream| prepared(stream, nodelay)));
    smol::block_on(accept(incoming, Groups::default(), limits))
}

/// Stage 2 on this runtime, with `TCP_NODELAY` or without.
///
/// # Errors
///
/// The listener cannot be used.
pub fn mailbox(listener: std::net::TcpListener, limits: Limits, stop: Arc<Stop>, nodelay: bool) -> io::Result<()> {
    let listener = TcpListener::from(Async::new(listener)?);
    // Not `incoming()`, which borrows the listener: this one goes with the accept loop, and whoever
    // comes late is refused.
    let incoming = stream::unfold(listener, move |listener| async move {
        let accepted = listener.accept().await;
        Some((accepted.map(|(stream, _)| sides(stream, nodelay)), listener))
    });
    smol::block_on(Server::new(Smol, limits, stop).run(incoming));
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
pub fn sides(stream: TcpStream, nodelay: bool) -> Sides<TcpStream, TcpStream> {
    let stream = prepared(stream, nodelay);
    (stream.clone(), stream)
}
