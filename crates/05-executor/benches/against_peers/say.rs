//! Lines for whoever reads stdout, if somebody does.

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
    process,
};

/// Prints a line to stdout. If nobody reads it any more, as behind `| head`, the program ends
/// quietly; if it cannot be written, with one line on stderr and exit code 1.
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
