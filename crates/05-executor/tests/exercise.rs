//! The reader's `exercise/mod.rs`, step by step: `cargo test -p executor --test exercise step-1`.

#[path = "../exercise/mod.rs"]
mod exercise;
mod steps;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> std::process::ExitCode {
    // In CI: the file is as its reader finds it, so nothing may be written yet.
    let pristine = std::env::var("EXERCISE_PRISTINE").is_ok_and(|value| value == "1");
    harness::exercise(pristine, &steps::CHECKS, steps::steps())
}
