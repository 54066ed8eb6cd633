//! The client as a whole. Two threads: one reads what is typed and sends it, and this one listens
//! to the server, whose end of the connection is the end of the program, whatever the other thread
//! is blocked in.

use std::{
    io::{self, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use crate::{
    Failure, View,
    listen::{Ended, listen},
    terminal::Editor,
    typed::{Typed, complain},
};

/// How the client behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Send lines as they are typed and print replies as they arrive.
    pub json: bool,
    /// Groups to join first.
    pub join: Vec<String>,
    /// After the end of piped input: how long nothing may arrive before the client stops waiting
    /// for the server to close the connection.
    pub quiet: Duration,
}

/// Runs the client until its input or the server ends it: with line editing where stdin and stdout
/// are a terminal that can do it, else line by line.
///
/// # Errors
///
/// See [`Failure`].
pub fn run(stream: TcpStream, options: Options) -> Result<(), Failure> {
    let Options { json, join, quiet } = options;
    // Without this a second short line would wait for the acknowledgement of the first.
    stream.set_nodelay(true).map_err(Failure::Broken)?;
    let ended = Ended::default();
    let typed = Typed::new(stream.try_clone().map_err(Failure::Broken)?, json, ended.clone());
    if let Some(editor) = Editor::open() {
        return editor.run(&stream, typed, join, View::for_stdout(json, true), &ended);
    }
    stream.set_read_timeout(Some(quiet)).map_err(Failure::Broken)?;
    thread::spawn(move || typed.read_stdin(join));
    let view = View::for_stdout(json, false);
    let mut stdout = io::stdout().lock();
    listen(&stream, &ended, |line| match view.show(line) {
        Ok(line) => writeln!(stdout, "{line}"),
        Err(what) => {
            complain(&what);
            Ok(())
        }
    })
}
