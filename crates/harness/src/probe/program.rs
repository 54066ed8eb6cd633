//! Runs a lesson's program as a person would start it, and checks its output and its end.

use std::{
    io,
    process::{Command, Output, Stdio},
};

/// A program, by its path: `Program(env!("CARGO_BIN_EXE_waker"))` in the tests of `waker`.
#[derive(Clone, Copy, Debug)]
pub struct Program(pub &'static str);

impl Program {
    /// Runs the program to its end, without stdin.
    ///
    /// # Panics
    ///
    /// If the program cannot be started.
    pub fn run(self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output();
        output.unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.0))
    }

    /// Runs the program to its end, and returns its stdout.
    ///
    /// # Panics
    ///
    /// If the program fails, or its stdout is not UTF-8.
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

    /// Asserts that the program refuses each of these command lines: it exits with code 2, and its
    /// stderr contains the words.
    ///
    /// # Panics
    ///
    /// If the program accepts a command line, or stderr lacks the words.
    pub fn assert_refuses(self, wrong: &[(&[&str], &str)]) {
        for (arguments, words) in wrong {
            let Output { status, stderr, .. } = self.run(arguments);
            let stderr = String::from_utf8_lossy(&stderr);
            assert_eq!(status.code(), Some(2), "{arguments:?}: {stderr}");
            assert!(stderr.contains(words), "{arguments:?} should say {words:?}: {stderr}");
        }
    }

    /// Asserts that the program ends quietly when the reader of its stdout has closed the pipe, as
    /// `| head` does.
    ///
    /// # Panics
    ///
    /// If the program fails, or prints to stderr.
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

/// The number of lines of `text` that contain `what`.
pub fn count_lines(text: &str, what: &str) -> usize {
    text.lines().filter(|line| line.contains(what)).count()
}
