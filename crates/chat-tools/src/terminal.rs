//! The client on a terminal: a line being edited at the bottom, and what the server says above it.

use std::{
    io::{self, Write},
    net::TcpStream,
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::{Config, DefaultEditor, ExternalPrinter, error::ReadlineError};

use crate::{
    Failure, View,
    listen::{Ended, listen},
    typed::{Typed, complain},
};

/// Lines that may wait to be shown while the editor shows none, as it does in the middle of a
/// search in its history.
const WAITING_LINES: usize = 1024;

/// How long the end of the program waits for such lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Up and down again: a "line" for the printer that leaves no trace.
const NO_TRACE: &str = "\x1b[A\n";

pub(crate) struct Editor {
    readline: DefaultEditor,
    printer: Box<dyn ExternalPrinter + Send>,
    /// How the terminal was before any editing.
    before: Termios,
}

impl Editor {
    /// `None` if stdin or stdout is no terminal, or one without the commands that editing needs.
    pub(crate) fn open() -> Option<Self> {
        // The timeout ends the wait for the rest of a key's sequence, in which nothing is shown, if
        // Escape was all.
        let config = Config::builder().auto_add_history(true).keyseq_timeout(Some(500)).build();
        let mut readline = DefaultEditor::with_config(config).ok()?;
        let printer = Box::new(readline.create_external_printer().ok()?);
        Some(Editor { readline, printer, before: tcgetattr(io::stdin()).ok()? })
    }

    /// Runs the client. This thread listens; one edits; and one prints, so that an editor which
    /// does not show anything at the moment does not keep this one from noticing the end of the
    /// connection.
    pub(crate) fn run(
        self,
        stream: &TcpStream,
        typed: Typed,
        join: Vec<String>,
        view: View,
        ended: &Ended,
    ) -> Result<(), Failure> {
        let Editor { readline, mut printer, before } = self;
        let (lines, waiting) = mpsc::sync_channel::<String>(WAITING_LINES);
        let (done, all_shown) = mpsc::channel();
        thread::spawn(move || {
            // Printing fails only when the editor is gone, and then there is nobody to print for.
            waiting.into_iter().try_for_each(|line| printer.print(line)).ok();
            // `print` only hands a line over, and returns when the one before it has been taken. So
            // when it has taken two more, the last real one has been shown.
            [NO_TRACE; 2].into_iter().try_for_each(|line| printer.print(line.into())).ok();
            done.send(()).ok();
        });
        thread::spawn(move || edit(readline, typed, join));
        let result = listen(stream, ended, move |line| {
            let line = view.show(line).unwrap_or_else(|what| format!("chat: {what}"));
            lines.send(line + "\n").map_err(|_| io::ErrorKind::BrokenPipe.into())
        });
        all_shown.recv_timeout(LAST_LINES).ok();
        if result.is_err() {
            restore(&before);
        }
        result
    }
}

/// Reads lines and sends them until the user or the connection has had enough.
fn edit(mut readline: DefaultEditor, mut typed: Typed, join: Vec<String>) {
    if typed.join(join).is_err() {
        return typed.give_up();
    }
    loop {
        match readline.readline(&typed.prompt()) {
            Ok(line) => match typed.line(line.as_bytes()) {
                Ok(flow) if flow.is_continue() => {}
                Ok(_) => return typed.hang_up(),
                Err(_) => return typed.give_up(),
            },
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return typed.hang_up(),
            Err(error) => {
                complain(&format!("cannot read from the terminal: {error}"));
                return typed.hang_up();
            }
        }
    }
}

/// Gives the terminal back as it was. The editor does so itself whenever it returns; but at this
/// end of the program it is still waiting for a key, on a thread that will never run again.
fn restore(before: &Termios) {
    tcsetattr(io::stdin(), OptionalActions::Drain, before).ok();
    // No more bracketed paste, and a new line: what comes next must not stand beside the unfinished
    // one.
    let mut stdout = io::stdout();
    stdout.write_all(b"\x1b[?2004l\n").and_then(|()| stdout.flush()).ok();
}
