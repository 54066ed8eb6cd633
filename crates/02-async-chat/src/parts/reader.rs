//! Reading a connection line by line without holding a buffer while nothing arrives.

use std::{future::poll_fn, io, mem, ops::ControlFlow, pin::Pin, task::Poll};

use chat::{BadLine, LineDecoder};
use futures::AsyncRead;

/// How many lines and reads may be ready in a row before others get a turn: a client that floods
/// keeps its socket readable for ever, and a task that is never `Pending` keeps its thread. One
/// read may bring thousands of short lines, so they count, too.
const IN_A_ROW: u16 = 512;

/// The reading side of a connection.
#[derive(Debug)]
pub struct Reader<R> {
    socket: R,
    decoder: LineDecoder,
    /// Lines and reads that were ready since others had their turn.
    in_a_row: u16,
    /// What a read brought and nobody has looked at, from `left_at` on.
    left: Vec<u8>,
    left_at: u16,
}

/// How much is read at a time.
const CHUNK: u16 = 4096;

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A reader of lines of at most `max_line` bytes.
    pub fn new(socket: R, max_line: usize) -> Self {
        Reader { socket, decoder: LineDecoder::new(max_line), in_a_row: 0, left: Vec::new(), left_at: 0 }
    }

    /// Waits for one read and calls `on_line` with each line that it completes, until that asks for
    /// a break or it is the others' turn; the next call then begins with the line after. `false` at
    /// the end of input, once its last line has been seen, which may lack a `\n`. After 512 lines
    /// it lets other tasks go first, also while there is more.
    ///
    /// Cancel safe: a line whose beginning has arrived is kept in `self`, and the future holds
    /// nothing.
    ///
    /// # Errors
    ///
    /// The connection broke.
    pub async fn read(
        &mut self,
        mut on_line: impl FnMut(Result<&str, BadLine>) -> ControlFlow<()>,
    ) -> io::Result<bool> {
        poll_fn(|cx| {
            if self.in_a_row >= IN_A_ROW {
                self.in_a_row = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !self.left.is_empty() {
                let left = mem::take(&mut self.left);
                let unseen = self.feed(&left[self.left_at.into()..], &mut on_line);
                if unseen > 0 {
                    self.left_at = (left.len() - unseen) as u16;
                    self.left = left;
                }
                return Poll::Ready(Ok(true));
            }
            // On the stack of this poll: a connection on which nothing arrives holds no buffer.
            let mut chunk = [0; CHUNK as usize];
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
                        let unseen = self.feed(&chunk[..length], &mut on_line);
                        (self.left, self.left_at) = (chunk[length - unseen..length].to_vec(), 0);
                        return Poll::Ready(Ok(true));
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        })
        .await
    }

    /// Hands on the lines of `input`, until there is a reason to stop. How many bytes nobody has
    /// looked at.
    fn feed(&mut self, mut input: &[u8], on_line: &mut impl FnMut(Result<&str, BadLine>) -> ControlFlow<()>) -> usize {
        while self.in_a_row < IN_A_ROW
            && let Some(line) = self.decoder.next(&mut input)
        {
            self.in_a_row += 1;
            if on_line(line).is_break() {
                break;
            }
        }
        input.len()
    }
}
