//! Reading a connection line by line without holding a buffer while nothing arrives.

use std::{future::poll_fn, io, ops::ControlFlow, pin::Pin, task::Poll};

use chat::{BadLine, LineDecoder};
use futures::AsyncRead;

/// How many reads may be ready in a row before others get a turn: a client that floods keeps its socket readable for
/// ever, and a task that is never `Pending` keeps its thread.
const READS_IN_A_ROW: u8 = 16;

/// The reading side of a connection.
#[derive(Debug)]
pub struct Reader<R> {
    socket: R,
    decoder: LineDecoder,
    /// Reads that were ready since the last that was not.
    in_a_row: u8,
    /// What a read brought and nobody has looked at, because `on_line` wanted a break.
    left: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A reader of lines of at most `max_line` bytes.
    pub fn new(socket: R, max_line: usize) -> Self {
        Reader { socket, decoder: LineDecoder::new(max_line), in_a_row: 0, left: Vec::new() }
    }

    /// Waits for one read and calls `on_line` with each line that it completes, until that asks for a break; the next
    /// call then begins with the line after. `false` at the end of input, once its last line has been seen, which may
    /// lack a `\n`. Now and then it lets other tasks go first, also while there is more to read.
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
            if self.in_a_row == READS_IN_A_ROW {
                self.in_a_row = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            // On the stack of this poll: a connection on which nothing arrives holds no buffer.
            let mut chunk = [0; 4096];
            loop {
                let Poll::Ready(read) = Pin::new(&mut self.socket).poll_read(cx, &mut chunk) else {
                    self.in_a_row = 0;
                    return Poll::Pending;
                };
                match read {
                    Ok(0) => {
                        // If there was such a line, the next read finds the end again.
                        return Poll::Ready(Ok(self.decoder.finish().map(&mut on_line).is_some()));
                    }
                    Ok(length) => {
                        self.in_a_row += 1;
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
