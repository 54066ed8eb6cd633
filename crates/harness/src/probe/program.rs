//! A lesson's program, as a person starts it: what it prints, and how it ends.

use std::{
    io,
    process::{Command, Output, Stdio},
};

/// A program, by its path: `Program(env!("CARGO_BIN_EXE_waker"))` in the tests of `waker`.
#[derive(Clone, Copy, Debug)]
pub struct Program(pub &'static str);

impl Program {
    /// Runs it to its end, without stdin.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn run(self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output();
        output.unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.0))
    }

    /// Runs it to its end, and returns what it prints.
    ///
    /// # Panics
    ///
    /// If it fails, or prints what is no UTF-8.
    pub fn prints(self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.run(arguments);
        let stdout = String::from_utf8(stdout).expect("it prints UTF-8");
        assert!(status.success(), "{arguments:?}: {status}\n{stdout}{}", String::from_utf8_lossy(&stderr));
        stdout
    }

    /// The names that `--list` prints: the first word of each line.
    ///
    /// # Panics
    ///
    /// As [`prints`](Program::prints).
    pub fn listed(self) -> Vec<String> {
        let list = self.prints(&["--list"]);
        list.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    }

    /// Holds that it refuses each of these command lines: it exits with 2, and stderr contains the
    /// words.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn assert_refuses(self, wrong: &[(&[&str], &str)]) {
        for (arguments, words) in wrong {
            let Output { status, stderr, .. } = self.run(arguments);
            let stderr = String::from_utf8_lossy(&stderr);
            assert_eq!(status.code(), Some(2), "{arguments:?}: {stderr}");
            assert!(stderr.contains(words), "{arguments:?} should say {words:?}: {stderr}");
        }
    }

    /// Holds that it ends quietly where nobody reads its stdout, as behind `| head`.
    ///
    /// # Panics
    ///
    /// If it fails, or prints to stderr.
    pub fn assert_quiet_behind_a_closed_pipe(self, arguments: &[&str]) {
        let (reader, writer) = io::pipe().expect("the system has pipes");
        drop(reader);
        let output = self.command(arguments).stdout(writer).output().expect("it was started before");
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }

    fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.0);
        command.args(arguments).stdin(Stdio::null());
        command
    }
}

/// How many lines of a text contain this.
pub fn count_lines(text: &str, what: &str) -> usize {
    text.lines().filter(|line| line.contains(what)).count()
}
