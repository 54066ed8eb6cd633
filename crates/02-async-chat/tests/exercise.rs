//! The reader's `exercise/mod.rs`, step by step: `cargo test -p async-chat --test exercise step-1`.
#![forbid(unsafe_code)]

mod common;
#[path = "../exercise/mod.rs"]
mod exercise;
mod steps;

// The checks of step 3 ask for the server's live bytes.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> std::process::ExitCode {
    // In CI: the file is as its reader finds it, so nothing may be written yet.
    let pristine = std::env::var("EXERCISE_PRISTINE").is_ok_and(|value| value == "1");
    harness::chat::exercise(pristine, steps::PARTS, steps::serve)
}
