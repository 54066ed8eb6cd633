//! The program on a terminal (a pseudoterminal of Linux): editing, history, what arrives meanwhile,
//! and every end.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use chat::Reply;
use rustix::{
    pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::support::{DEADLINE, end, program, run, scripted, server};

/// A client on a terminal, and the person in front of it.
struct Person {
    terminal: File,
    screen: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    client: Child,
}

impl Person {
    fn starts(addr: impl ToString, flags: &[&str]) -> Self {
        let flag = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let terminal = openpt(flag).unwrap();
        unlockpt(&terminal).unwrap();
        let inner: OwnedFd = ioctl_tiocgptpeer(&terminal, flag).unwrap();
        let client = program(addr, flags)
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .stdin(inner.try_clone().unwrap())
            .stdout(inner)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let terminal = File::from(terminal);
        let mut output = terminal.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                sender.send(buffer[..length].to_vec()).ok();
            }
        });
        Person { terminal, screen, seen: Vec::new(), client }
    }

    fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this stands on the screen, below what was waited for before.
    fn sees(&mut self, text: &str) {
        loop {
            if let Some(at) = self.seen.windows(text.len()).position(|part| part == text.as_bytes()) {
                self.seen.drain(..at + text.len());
                return;
            }
            match self.screen.recv_timeout(DEADLINE) {
                Ok(more) => self.seen.extend(more),
                Err(error) => panic!("{error} while waiting for {text:?} after {}", self.seen.escape_ascii()),
            }
        }
    }

    /// Waits for the client's end: its exit code and what it said on stderr. The terminal must be
    /// as it was.
    fn sees_the_end(self) -> (i32, String) {
        let (code, _, stderr) = end(self.client);
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG), "{modes:?}");
        (code, stderr)
    }
}

#[test]
fn a_line_is_edited_sent_and_found_again_by_the_up_arrow() {
    let mut person = Person::starts(server(), &[]);
    person.sees("> ");
    person.types("/join rust\r");
    person.sees("rust> ");
    // Left, left, and the missing letters.
    person.types("ha\x1b[D\x1b[Dm\x1b[Cuc\r");
    person.sees("rust: mhuca");
    person.sees("rust> ");
    person.types("\x1b[A!\r");
    person.sees("rust: mhuca!");
    person.sees("rust> ");
    person.types("/quit\r");
    assert_eq!(person.sees_the_end(), (0, String::new()));
}

#[test]
fn a_message_arrives_above_the_line_being_typed() {
    let addr = server();
    let mut person = Person::starts(addr, &["--join", "rust"]);
    person.sees("rust> ");
    // Joining has no answer. Its own post coming back is how a member knows that others can reach
    // it.
    person.types("here\r");
    person.sees("rust: here");
    person.sees("rust> ");
    person.types("dra");
    person.sees("dra");
    assert_eq!(run(addr, &[], "/group rust\n\x1b[2Jotra\n"), (0, String::new(), String::new()));
    person.sees("rust: \\u001b[2Jotra");
    person.sees("rust> dra");
    person.types("ft\r");
    person.sees("rust: draft");
}

#[test]
fn ctrl_c_and_ctrl_d_are_good_ends() {
    for key in ["\x03", "\x04"] {
        let mut person = Person::starts(server(), &["--join", "rust"]);
        person.sees("rust> ");
        person.types(key);
        assert_eq!(person.sees_the_end(), (0, String::new()), "{key:?}");
    }
}

#[test]
fn a_server_that_ends_first_is_heard_out_and_gives_the_terminal_back() {
    let (sender, go_on) = mpsc::channel();
    let addr = scripted(move |mut stream| {
        go_on.recv().unwrap();
        for n in 1..=3 {
            stream.write_all(&Reply::Error(format!("last word {n}")).to_line()).unwrap();
        }
    });
    let mut person = Person::starts(addr, &[]);
    person.sees("> ");
    person.types("unfinished");
    person.sees("unfinished");
    sender.send(()).unwrap();
    for n in 1..=3 {
        person.sees(&format!("error: last word {n}"));
    }
    assert_eq!(person.sees_the_end(), (1, "chat: the server closed the connection\n".into()));
}

#[test]
fn the_end_is_seen_even_while_nothing_can_be_shown() {
    let (sender, go_on) = mpsc::channel::<()>();
    let addr = scripted(move |mut stream| {
        go_on.recv().unwrap();
        for _ in 0..10 {
            stream.write_all(&Reply::Error("not now".into()).to_line()).unwrap();
        }
    });
    let mut person = Person::starts(addr, &[]);
    person.sees("> ");
    person.types("/group go\r");
    person.sees("go> ");
    // A search in the history shows no messages until it is over.
    person.types("\x12");
    person.sees("reverse-i-search");
    sender.send(()).unwrap();
    assert_eq!(person.sees_the_end(), (1, "chat: the server closed the connection\n".into()));
}
