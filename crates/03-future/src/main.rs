//! What `just run future` starts: scenes that end by themselves, each with the record of what
//! really happened.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod scenes;

const ABOUT: &str =
    "Futures by hand: who was polled, with which waker, what came back, and who called wake from which thread";

/// What is played when nobody asks for a scene.
const SEQUENCE: [&[&str]; 5] =
    [&["lazy"], &["countdown"], &["delay", "--stage", "stale"], &["delay", "--stage", "mended"], &["timeout"]];

fn main() -> ExitCode {
    timeline::scenes::main(ABOUT, &scenes::SCENES, &SEQUENCE)
}
