//! What a person sees of `just bench executor` and `just stress executor`: the help, an error, and
//! nothing at all behind a pipe that is closed. This program is both of them too, as a child of
//! itself.
#![forbid(unsafe_code)]

use std::{
    env,
    io::pipe,
    process::{Command, ExitCode, Output, Stdio},
};

#[path = "../benches/against_peers/mod.rs"]
#[allow(dead_code, reason = "the rest is for the bench")]
mod against_peers;
#[path = "../examples/stress/main.rs"]
mod stress;

/// Which of them this process is.
const TOOL: &str = "TOOL";

fn main() -> ExitCode {
    match env::var(TOOL).as_deref() {
        Ok("bench") => against_peers::main(against_peers::Target::Timed),
        Ok("stress") => stress::main(),
        _ => {
            behind_a_pipe_that_is_closed_they_end_quietly();
            the_help_says_how_they_are_called();
            a_wrong_command_line_is_a_clear_message_and_exit_code_2();
            a_panic_that_is_not_meant_names_the_round();
            ExitCode::SUCCESS
        }
    }
}

fn command(tool: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(TOOL, tool).args(arguments).stdin(Stdio::null());
    command
}

fn text(program: &Output) -> [String; 2] {
    [&program.stdout, &program.stderr].map(|text| String::from_utf8(text.clone()).unwrap())
}

fn behind_a_pipe_that_is_closed_they_end_quietly() {
    for (tool, arguments) in [
        ("bench", &["--list"][..]),
        ("bench", &["--help"]),
        ("bench", &["ready", "--subject", "pollster", "--rounds", "1"]),
        ("bench", &["ready", "--subject", "pollster", "--rounds", "1", "--json"]),
        ("stress", &["--seconds", "1", "--seed", "5"]),
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let program = command(tool, arguments).stdout(writer).output().unwrap();
        assert_eq!((program.status.code(), text(&program)[1].as_str()), (Some(0), ""), "{tool} {arguments:?}");
    }
}

fn the_help_says_how_they_are_called() {
    for (tool, words) in [
        ("bench", ["Usage: just bench executor [", "So many rounds of what is timed"]),
        ("stress", ["Usage: just stress executor [", "Put the pools and stage 7 under random load"]),
    ] {
        let program = command(tool, &["--help"]).output().unwrap();
        let [out, _] = text(&program);
        assert!(program.status.success() && words.iter().all(|words| out.contains(words)), "{out}");
    }
}

fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    for (tool, arguments, words) in [
        ("bench", &["ready", "--subject", "s6"][..], "no chosen subject has a row called 'ready'"),
        ("bench", &["--plot", "/nowhere/x.svg"], "/nowhere/x.svg"),
        ("bench", &["--fast"], "Usage: just bench executor ["),
        ("stress", &["--seconds", "0"], "0 is not in 1..=31536000"),
        ("stress", &["--seconds", "18446744073709551615"], "18446744073709551615 is not in 1..=31536000"),
        ("stress", &["--fast"], "Usage: just stress executor ["),
    ] {
        let program = command(tool, arguments).output().unwrap();
        let [out, error] = text(&program);
        assert_eq!((program.status.code(), out.as_str()), (Some(2), ""), "{error}");
        assert!(error.contains(words), "{error}");
    }
}

fn a_panic_that_is_not_meant_names_the_round() {
    // No thread can have such a stack.
    let mut program = command("stress", &["--seconds", "1", "--seed", "5"]);
    program.env("RUST_MIN_STACK", "1152921504606846976");
    let [_, error] = text(&program.output().unwrap());
    assert!(error.contains("failed to spawn thread") && error.contains("(--seed 5)"), "{error}");
}
