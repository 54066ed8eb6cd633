//! What the checks hand to a server in-process, as the I/O traits and the streams of `futures`.

use std::{
    collections::VecDeque,
    io,
    net::TcpStream,
    pin::Pin,
    task::{Context, Poll},
    thread,
};

use futures::{
    AsyncRead, AsyncWrite, Stream, StreamExt,
    channel::mpsc::{UnboundedReceiver, unbounded},
};
use harness::chat::{Incoming, ReadStep};

/// A transport that plays a script; a cancelled read is one that is not ready, and whose future is
/// then dropped.
pub struct Script(VecDeque<ReadStep>);

impl Script {
    /// A transport that plays these steps, and then is at its end.
    pub fn new(steps: Vec<ReadStep>) -> Self {
        Script(steps.into())
    }
}

impl AsyncRead for Script {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.0.pop_front() {
            None => Poll::Ready(Ok(0)),
            Some(ReadStep::Cancelled) => Poll::Pending,
            Some(ReadStep::Bytes(mut bytes)) => {
                let length = bytes.len().min(buffer.len());
                let rest = bytes.split_off(length);
                if !rest.is_empty() {
                    self.0.push_front(ReadStep::Bytes(rest));
                }
                buffer[..length].copy_from_slice(&bytes);
                Poll::Ready(Ok(length))
            }
        }
    }
}

/// The connections of a check as a stream, each as what `map` makes of it.
pub fn mapped<T>(incoming: Incoming, map: fn(TcpStream) -> io::Result<T>) -> impl Stream<Item = io::Result<T>> + Unpin {
    stream(incoming).map(move |stream| stream.and_then(map))
}

/// The check's iterator blocks at its end, so a thread of its own reads it.
fn stream(incoming: Incoming) -> UnboundedReceiver<io::Result<TcpStream>> {
    let (send, receive) = unbounded();
    thread::spawn(move || {
        for stream in incoming {
            let stream = stream.and_then(|stream| stream.set_nonblocking(true).map(|()| stream));
            send.unbounded_send(stream).expect("the accept loop waits for more");
        }
    });
    receive
}

/// A socket of a check, which is never not ready.
pub struct Socket<'check>(&'check mut dyn io::Write);

impl<'check> Socket<'check> {
    /// Writes to this.
    pub fn new(socket: &'check mut dyn io::Write) -> Self {
        Socket(socket)
    }
}

impl AsyncWrite for Socket<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.flush())
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
