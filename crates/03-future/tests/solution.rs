//! `exercise/solution.rs` under the checks of the exercise: what they ask for can be done, and is
//! done.
#![forbid(unsafe_code)]

#[path = "../exercise/solution.rs"]
mod exercise;
mod steps;

fn main() -> std::process::ExitCode {
    steps::main(false)
}
