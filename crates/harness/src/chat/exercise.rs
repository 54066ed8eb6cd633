//! The exercise of a chat server: the checks of each step, and the `main` that also runs as the
//! server.

use std::{env, process::ExitCode};

use clap::{Args, Parser};

use super::{CHECKS, Parts, Server, answer_heap_questions};
use crate::run::{process::exit_when_not_written, runner::Subject};

/// The `main` of a chat exercise. It checks the five steps; a check starts the same program again
/// as the server.
///
/// `parts` call the reader's code in this process, `serve` runs the reader's server, and `A` are
/// its flags. With `pristine`, every check must end as "not written yet".
///
/// # Panics
///
/// As [`main`](crate::main) does.
pub fn exercise<A: Args>(pristine: bool, parts: Parts, serve: fn(&A) -> Result<(), String>) -> ExitCode {
    if let Some(code) = serve_if_asked("serve", serve) {
        return code;
    }
    let server = Server::this_program(&SERVE).with_parts(parts);
    crate::exercise(pristine, &CHECKS, STEPS.map(|(name, ids)| Subject::new(name, server.clone()).only(ids)).into())
}

/// Runs the server if the first argument of this program is `word`: a check starts the program
/// again in this way. Returns the exit code of the server, or `None` in any other process.
///
/// The flags `A` follow `word`. The server answers questions about its heap.
pub fn serve_if_asked<A: Args>(word: &str, serve: fn(&A) -> Result<(), String>) -> Option<ExitCode> {
    if env::args().nth(1).as_deref() != Some(word) {
        return None;
    }
    exit_when_not_written();
    answer_heap_questions();
    let Command { flags } = Command::<A>::parse_from(env::args_os().skip(1));
    Some(serve(&flags).map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    ))
}

/// The checks of each step: they pass once the reader has written this step and the steps before.
const STEPS: [(&str, &[&str]); 5] = [
    ("step-1", &["E2"]),
    ("step-2", &["E12"]),
    ("step-3", &["E1", "E3", "E4", "E6", "E9", "E10", "E11", "E13", "E14"]),
    ("step-4", &["E5", "E7", "E8"]),
    ("step-5", &["E15"]),
];

const SERVE: [&str; 9] =
    ["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--half-closed-ms", "2000", "--drain-ms", "20000"];

#[derive(Parser)]
struct Command<A: Args> {
    #[command(flatten)]
    flags: A,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_belongs_to_one_step() {
        for check in &CHECKS {
            let steps = STEPS.iter().filter(|(_, ids)| ids.contains(&check.id)).count();
            assert_eq!(steps, 1, "{}", check.id);
        }
    }
}
