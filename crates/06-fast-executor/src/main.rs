//! What `just run fast-executor` starts: scenes that end by themselves, each with the record of
//! what really happened.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod scenes;

const ABOUT: &str = "What makes an executor fast: where a task's waker goes, which worker polls a task, and how workers steal \
                     tasks from each other";

/// The scenes that are played when the command names none.
const SEQUENCE: [&[&str]; 4] = [&["queue"], &["wake", "--stage", "no-atomics"], &["pool"], &["steal"]];

fn main() -> ExitCode {
    timeline::scenes::main(ABOUT, &scenes::SCENES, &SEQUENCE)
}
