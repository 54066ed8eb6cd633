//! `print`: in colour and cut to the width on a terminal (a pseudoterminal of Linux), plain
//! elsewhere.

use std::{env, fs::File, io::Read, os::fd::OwnedFd, process::Stdio};

use rustix::{
    pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::{alone::only, common::record};

const NOTE: &str = "a remark that is wider than twenty columns";

/// What a process that prints a record writes, in an environment, to a terminal so wide or to a
/// pipe.
fn printed(terminal: Option<u16>, environment: &[(&str, &str)]) -> String {
    let mut command = only("terminal::prints_when_asked");
    for of_ours in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(of_ours);
    }
    command.envs([("PRINTS_A_RECORD", "1"), ("TERM", "xterm")]).envs(environment.iter().copied()).stdin(Stdio::null());
    let Some(ws_col) = terminal else {
        return String::from_utf8(command.output().unwrap().stdout).unwrap();
    };
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let outer = openpt(flags).unwrap();
    unlockpt(&outer).unwrap();
    let inner: OwnedFd = ioctl_tiocgptpeer(&outer, flags).unwrap();
    tcsetwinsize(&inner, Winsize { ws_col, ws_row: 25, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let mut child = command.stdout(inner).spawn().unwrap();
    // What stays open is the child's end, which closes with the child, and then there is no more to
    // read.
    drop(command);
    let (mut screen, mut outer) = (Vec::new(), File::from(outer));
    let end = outer.read_to_end(&mut screen);
    assert!(end.is_err_and(|error| error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())));
    assert!(child.wait().unwrap().success());
    String::from_utf8(screen).unwrap()
}

/// Does something only in the process that `printed` starts.
#[test]
fn prints_when_asked() {
    if env::var_os("PRINTS_A_RECORD").is_some() {
        // The thread of a test has one name or another.
        let emit = || record(|| tracing::trace!(target: "future", event = "note", text = NOTE));
        let timeline = std::thread::Builder::new().name("printer".into()).spawn(emit).unwrap().join().unwrap();
        println!();
        timeline.text().print().unwrap();
    }
}

/// The first line that begins like the record.
fn line(output: &str) -> &str {
    let lines = output.lines().filter(|line| line.trim_start_matches("\u{1b}[2m").starts_with("1  "));
    lines.into_iter().next().unwrap_or_else(|| panic!("the record is in {output:?}"))
}

#[test]
fn a_terminal_gets_colour_and_no_more_than_its_width() {
    let output = printed(Some(40), &[]);
    assert_eq!(line(&output), "\u{1b}[2m1  printer  \u{1b}[0mnote     a remark that is w…");
}

#[test]
fn no_color_is_heard_and_the_width_stays() {
    assert_eq!(line(&printed(Some(40), &[("NO_COLOR", "1")])), "1  printer  note     a remark that is w…");
}

#[test]
fn a_pipe_gets_it_plain_and_whole() {
    assert_eq!(line(&printed(None, &[])), format!("1  printer  note     {NOTE}"));
}
