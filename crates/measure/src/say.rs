//! Printing lines to a stdout that may be closed.

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
    process,
};

/// Prints a line to stdout, with colours only on a terminal. If the reader has closed stdout, as
/// `head` does, the process exits quietly. Any other error is one line on stderr and exit code 1.
pub fn say(line: impl Display) {
    match writeln!(anstream::stdout(), "{line}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            eprintln!("error: cannot write to stdout: {error}");
            process::exit(1);
        }
    }
}
