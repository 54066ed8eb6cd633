//! The typing half: what is typed, or piped in, goes to the server line by line.

use std::{
    fmt::Display,
    io::{self, BufRead, Write},
    net::{Shutdown, TcpStream},
    ops::ControlFlow,
};

use chat::Request;

use crate::{HELP, Step, Talk, listen::Ended, printable};

/// The sending side of a connection, and what has been said on it so far.
pub(crate) struct Typed {
    stream: TcpStream,
    talk: Talk,
    json: bool,
    unsent: usize,
    ended: Ended,
}

impl Typed {
    pub(crate) fn new(stream: TcpStream, json: bool, ended: Ended) -> Self {
        Typed { stream, talk: Talk::default(), json, unsent: 0, ended }
    }

    /// Sends stdin to the server, then says that this was all.
    pub(crate) fn read_stdin(mut self, join: Vec<String>) {
        if self.send_stdin(join).and_then(|()| self.finish()).is_err() {
            self.give_up();
        }
    }

    /// Joins the groups of the command line.
    pub(crate) fn join(&mut self, groups: Vec<String>) -> io::Result<()> {
        groups.into_iter().try_for_each(|group| {
            let request = self.talk.join(group);
            self.send(&request)
        })
    }

    /// Carries out one line, without its ending; `Break` if it was the wish to end.
    pub(crate) fn line(&mut self, line: &[u8]) -> io::Result<ControlFlow<()>> {
        if self.json {
            // In one piece, so that it is one segment of TCP, too.
            self.stream.write_all(&[line, b"\n"].concat())?;
            return Ok(ControlFlow::Continue(()));
        }
        let Ok(text) = str::from_utf8(line) else {
            self.refuse("a line of the input is not valid UTF-8");
            return Ok(ControlFlow::Continue(()));
        };
        match self.talk.obey(text) {
            Ok(Step::Send(request)) => self.send(&request)?,
            Ok(Step::Help) => tell(HELP),
            Ok(Step::Quit) => return Ok(ControlFlow::Break(())),
            Ok(Step::Nothing) => {}
            Err(bad) => self.refuse(&bad),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What stands before the cursor of a line that is being edited.
    pub(crate) fn prompt(&self) -> String {
        // Raw lines go to no current group.
        let group = self.talk.current().filter(|_| !self.json).unwrap_or_default();
        format!("{}> ", printable(group))
    }

    /// Ends the conversation at once, because the user wants to.
    pub(crate) fn hang_up(&self) {
        let _ = self.ended.set(0);
        self.give_up();
    }

    /// Ends the connection in both directions, which the listening half notices and reports. An
    /// error means that the connection has ended already.
    pub(crate) fn give_up(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn send_stdin(&mut self, join: Vec<String>) -> io::Result<()> {
        self.join(join)?;
        let mut stdin = io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            match stdin.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    self.refuse(&format!("cannot read the input: {error}"));
                    return Ok(());
                }
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            // A script from elsewhere may end its lines by `\r\n`; what is sent as it is keeps even
            // that.
            let text = if self.json { text } else { text.strip_suffix(b"\r").unwrap_or(text) };
            if self.line(text)?.is_break() {
                return Ok(());
            }
        }
    }

    /// Says that no more will come, in such a way that the server can end the connection at once.
    fn finish(&mut self) -> io::Result<()> {
        for request in self.talk.leave_all() {
            self.send(&request)?;
        }
        // Before the shutdown, so that the listening half knows the end that it sees for an
        // expected one.
        let _ = self.ended.set(self.unsent);
        self.stream.shutdown(Shutdown::Write)
    }

    fn send(&mut self, request: &Request) -> io::Result<()> {
        self.stream.write_all(&request.to_line())
    }

    fn refuse(&mut self, why: &(impl Display + ?Sized)) {
        self.unsent += 1;
        complain(why);
    }
}

/// One line on stderr, in the name of this program.
pub(crate) fn complain(what: &(impl Display + ?Sized)) {
    tell(&format!("chat: {}", printable(&what.to_string())));
}

/// Text of the client's own. It goes to stderr: stdout is what the server says. Nowhere is left to
/// report a failure.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
