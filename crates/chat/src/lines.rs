//! The line codec: bytes in, cut anywhere; lines out, always the same ones.

use std::mem;

use crate::BadLine;

/// Finds lines in a stream of bytes, however the transport cut it.
///
/// It does no reading of its own: whoever read a chunk feeds it to [`next`](Self::next) until that
/// answers `None`, at which point the chunk is used up. So a read that is cancelled, interrupted or
/// short loses nothing. A line that lies whole in its chunk is lent out without a copy; only an
/// unfinished one is kept, up to the limit.
#[derive(Debug)]
pub struct LineDecoder {
    limit: usize,
    /// The beginning of a line whose end has not arrived.
    partial: Vec<u8>,
    /// The line handed out last, if it had to be pieced together; freed by the next call.
    whole: Vec<u8>,
    /// The rest of a line that was reported as too long is still arriving.
    skipping: bool,
}

impl LineDecoder {
    /// A decoder for lines of at most `limit` bytes, their ending not counted.
    pub fn new(limit: usize) -> Self {
        LineDecoder { limit, partial: Vec::new(), whole: Vec::new(), skipping: false }
    }

    /// Takes the next line from the front of `input`, without its `\n` or `\r\n`; `None` once
    /// `input` is used up.
    ///
    /// # Errors
    ///
    /// A line that is too long or not UTF-8 is one `Err`, and the line after it is read as if
    /// nothing had happened.
    pub fn next<'a, 'input: 'a>(&'a mut self, input: &mut &'input [u8]) -> Option<Result<&'a str, BadLine>> {
        self.whole = Vec::new();
        loop {
            let Some(end) = memchr::memchr(b'\n', input) else {
                let rest = mem::take(input);
                return self.keep(rest).then_some(Err(BadLine::TooLong(self.limit)));
            };
            let (head, tail) = (&input[..end], &input[end + 1..]);
            *input = tail;
            if mem::take(&mut self.skipping) {
                continue;
            }
            if self.partial.is_empty() {
                return Some(check(head, self.limit));
            }
            if self.keep(head) {
                self.skipping = false;
                return Some(Err(BadLine::TooLong(self.limit)));
            }
            self.whole = mem::take(&mut self.partial);
            return Some(check(&self.whole, self.limit));
        }
    }

    /// The last line of a stream that ended without a `\n`, if there is one.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub fn finish(&mut self) -> Option<Result<&str, BadLine>> {
        self.skipping = false;
        self.whole = mem::take(&mut self.partial);
        (!self.whole.is_empty()).then(|| check(&self.whole, self.limit))
    }

    /// Keeps a piece of an unfinished line. `true` once, when that makes the line too long.
    fn keep(&mut self, piece: &[u8]) -> bool {
        // One byte more than the limit may still be the `\r` of the line's ending.
        if self.skipping || self.partial.len() + piece.len() <= self.limit.saturating_add(1) {
            if !self.skipping {
                self.partial.extend_from_slice(piece);
            }
            return false;
        }
        self.partial = Vec::new();
        self.skipping = true;
        true
    }
}

fn check(line: &[u8], limit: usize) -> Result<&str, BadLine> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > limit {
        return Err(BadLine::TooLong(limit));
    }
    str::from_utf8(line).map_err(|_| BadLine::NotUtf8)
}
