//! What `just run executor` starts: short scenes that end by themselves. Most of them print the
//! record of what happened.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod scenes;

const ABOUT: &str = "An executor: which task is polled, when and why; what is in the queue; and what happens when a task \
                     ends, panics, is cancelled or blocks";

/// What is played without a scene on the command line.
const SEQUENCE: [&[&str]; 8] = [
    &["loop", "--stage", "spin"],
    &["loop"],
    &["idle", "--stage", "spin"],
    &["idle"],
    &["blocks"],
    &["panic"],
    &["cancel"],
    &["pool"],
];

fn main() -> ExitCode {
    timeline::scenes::main(ABOUT, &scenes::SCENES, &SEQUENCE)
}
