//! `exercise/solution.rs` under the checks of the exercise: what they ask for can be done, and is
//! done.
#![forbid(unsafe_code)]

#[path = "../exercise/solution.rs"]
mod exercise;
mod steps;

// The checks of step 3 ask for the server's live bytes.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> std::process::ExitCode {
    steps::main(false)
}
