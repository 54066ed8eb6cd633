//! Reading a connection line by line, until its end.

use std::io::{self, Read};

use chat::{BadLine, LineDecoder};

/// Calls `on_line` with each line that comes from `stream`, the last one too if no `\n` ends it,
/// until the end of input.
///
/// # Errors
///
/// The connection broke. A read that was interrupted is none: it is tried again, and what came
/// before it is not lost, since the decoder keeps it.
pub fn read_lines(
    mut stream: impl Read,
    max_line: usize,
    mut on_line: impl FnMut(Result<&str, BadLine>),
) -> io::Result<()> {
    let mut decoder = LineDecoder::new(max_line);
    let mut chunk = [0; 4096];
    loop {
        let mut input = match stream.read(&mut chunk) {
            Ok(0) => {
                decoder.finish().into_iter().for_each(on_line);
                return Ok(());
            }
            Ok(length) => &chunk[..length],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        while let Some(line) = decoder.next(&mut input) {
            on_line(line);
        }
    }
}
