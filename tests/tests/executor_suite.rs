//! The checks of executors on those that nobody here wrote. No false alarm, and each finding with its reproduction.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::executor::CHECKS;

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    harness::main(&CHECKS, peers::subjects())
}
