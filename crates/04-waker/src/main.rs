//! What `just run waker` starts: scenes that end by themselves, each with the record of what really
//! happened.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod scenes;

const ABOUT: &str = "Wakers: who clones them, who wakes, who drops, and what becomes of a wake that comes early, late, or \
                     in between";

/// What is played when nobody asks for a scene.
const SEQUENCE: [&[&str]; 6] = [
    &["counts", "--stage", "raw"],
    &["clones"],
    &["during", "--stage", "lost"],
    &["during", "--stage", "mended"],
    &["another-thread"],
    &["queue"],
];

fn main() -> ExitCode {
    timeline::scenes::main(ABOUT, &scenes::SCENES, &SEQUENCE)
}
