//! What `just run executor` starts: scenes that end by themselves, each with the record of what
//! really happened.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod scenes;

const ABOUT: &str = "An executor: who is polled, when, and why; what is in its queue; and what happens when a task ends, \
                     panics, is cancelled or blocks";

/// What is played when nobody asks for a scene.
const SEQUENCE: [&[&str]; 8] = [
    &["loop", "--stage", "spin"],
    &["loop"],
    &["idle", "--stage", "spin"],
    &["idle"],
    &["blocks"],
    &["panic"],
    &["pool"],
    &["steal"],
];

fn main() -> ExitCode {
    timeline::scenes::main(ABOUT, &scenes::SCENES, &SEQUENCE)
}
