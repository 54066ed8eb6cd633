//! Reading a connection line by line without holding a buffer while nothing arrives.

use std::{
    future::poll_fn,
    io,
    ops::ControlFlow,
    pin::Pin,
    task::{Poll, ready},
};

use chat::{BadLine, LineDecoder};
use futures::AsyncRead;

/// The reading side of a connection.
#[derive(Debug)]
pub struct Reader<R> {
    socket: R,
    decoder: LineDecoder,
    /// What a read brought and nobody has looked at, because `on_line` wanted a break.
    left: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A reader of lines of at most `max_line` bytes.
    pub fn new(socket: R, max_line: usize) -> Self {
        Reader { socket, decoder: LineDecoder::new(max_line), left: Vec::new() }
    }

    /// Waits for one read and calls `on_line` with each line that it completes, until that asks for a break; the next
    /// call then begins with the line after. `false` at the end of input.
    ///
    /// Cancel safe: a line whose beginning has arrived is kept in `self`, and the future holds nothing.
    ///
    /// # Errors
    ///
    /// The connection broke.
    pub async fn read(
        &mut self,
        mut on_line: impl FnMut(Result<&str, BadLine>) -> ControlFlow<()>,
    ) -> io::Result<bool> {
        if !self.left.is_empty() {
            let left = std::mem::take(&mut self.left);
            self.feed(&left, &mut on_line);
            return Ok(true);
        }
        poll_fn(|cx| {
            // On the stack of this poll: a connection on which nothing arrives holds no buffer.
            let mut chunk = [0; 4096];
            loop {
                match ready!(Pin::new(&mut self.socket).poll_read(cx, &mut chunk)) {
                    Ok(0) => {
                        if let Some(line) = self.decoder.finish() {
                            let _ = on_line(line);
                        }
                        return Poll::Ready(Ok(false));
                    }
                    Ok(length) => {
                        self.feed(&chunk[..length], &mut on_line);
                        return Poll::Ready(Ok(true));
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        })
        .await
    }

    fn feed(&mut self, mut input: &[u8], on_line: &mut impl FnMut(Result<&str, BadLine>) -> ControlFlow<()>) {
        while let Some(line) = self.decoder.next(&mut input) {
            if on_line(line).is_break() {
                self.left = input.to_vec();
                return;
            }
        }
    }
}
