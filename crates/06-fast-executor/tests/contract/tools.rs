//! What a person sees of `just bench fast-executor` and `just stress fast-executor`: the help, an
//! error, and nothing at all behind a closed pipe. This program plays both tools, as a child of
//! itself.

use std::{
    env,
    io::pipe,
    process::{Command, ExitCode, Output, Stdio},
};

use harness::Suite;

use crate::{against_peers, bench, stress};

/// A tool that this program plays for its parent.
#[derive(Clone, Copy, Debug)]
pub enum Tool {
    Bench,
    Stress,
    /// The process whose system calls [`bench`] counts.
    Traced,
}

/// The variable that names the tool.
const TOOL: &str = "TOOL";

impl Tool {
    /// The command that starts this program as the tool.
    pub fn command(self) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.env(TOOL, format!("{self:?}")).stdin(Stdio::null());
        command
    }

    /// Plays the tool that the parent has named, if it has.
    pub fn played() -> Option<ExitCode> {
        match env::var(TOOL).ok()?.as_str() {
            "Bench" => Some(against_peers::main(against_peers::Target::Timed)),
            "Stress" => Some(stress::main()),
            _ => {
                bench::is_traced();
                Some(ExitCode::SUCCESS)
            }
        }
    }
}

/// Adds the tests of this module.
pub fn add(suite: Suite) -> Suite {
    alone! { suite, "tools":
        behind_a_pipe_that_is_closed_they_end_quietly
        the_help_says_how_they_are_called
        a_wrong_command_line_is_a_clear_message_and_exit_code_2
        a_panic_that_is_not_meant_names_the_round
    }
}

fn command(tool: Tool, arguments: &[&str]) -> Command {
    let mut command = tool.command();
    command.args(arguments);
    command
}

fn text(program: &Output) -> [String; 2] {
    [&program.stdout, &program.stderr].map(|text| String::from_utf8(text.clone()).unwrap())
}

fn behind_a_pipe_that_is_closed_they_end_quietly() {
    for (tool, arguments) in [
        (Tool::Bench, &["--list"][..]),
        (Tool::Bench, &["--help"]),
        (Tool::Bench, &["ready", "--subject", "pollster", "--rounds", "1"]),
        (Tool::Bench, &["ready", "--subject", "pollster", "--rounds", "1", "--json"]),
        (Tool::Stress, &["--seconds", "1", "--seed", "5"]),
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let program = command(tool, arguments).stdout(writer).output().unwrap();
        assert_eq!((program.status.code(), text(&program)[1].as_str()), (Some(0), ""), "{tool:?} {arguments:?}");
    }
}

fn the_help_says_how_they_are_called() {
    for (tool, words) in [
        (Tool::Bench, ["Usage: just bench fast-executor [", "Measure this many rounds"]),
        (
            Tool::Stress,
            ["Usage: just stress fast-executor [", "Put the pools and the executor without atomics under random load"],
        ),
    ] {
        let program = command(tool, &["--help"]).output().unwrap();
        let [out, _] = text(&program);
        assert!(program.status.success() && words.iter().all(|words| out.contains(words)), "{out}");
    }
}

fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    for (tool, arguments, words) in [
        (Tool::Bench, &["ready", "--subject", "s3-stealing"][..], "no chosen subject has a row called 'ready'"),
        (Tool::Bench, &["--plot", "/nowhere/x.svg"], "/nowhere/x.svg"),
        (Tool::Bench, &["--fast"], "Usage: just bench fast-executor ["),
        (Tool::Stress, &["--seconds", "0"], "0 is not in 1..=31536000"),
        (Tool::Stress, &["--seconds", "18446744073709551615"], "18446744073709551615 is not in 1..=31536000"),
        (Tool::Stress, &["--fast"], "Usage: just stress fast-executor ["),
    ] {
        let program = command(tool, arguments).output().unwrap();
        let [out, error] = text(&program);
        assert_eq!((program.status.code(), out.as_str()), (Some(2), ""), "{error}");
        assert!(error.contains(words), "{error}");
    }
}

fn a_panic_that_is_not_meant_names_the_round() {
    // No thread can have a stack of this size.
    let mut program = command(Tool::Stress, &["--seconds", "1", "--seed", "5"]);
    program.env("RUST_MIN_STACK", "1152921504606846976");
    let [_, error] = text(&program.output().unwrap());
    assert!(error.contains("failed to spawn thread") && error.contains("(--seed 5)"), "{error}");
}
