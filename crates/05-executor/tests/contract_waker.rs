//! Part B of the contract on the wakers of each stage. The white halves (B5, B7, B12, B13) are not
//! here: under `--cfg loom_model` no word works outside of a model. They are in `tests/models`:
//! `just loom`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::waker::CHECKS;

mod subjects;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    harness::main(&CHECKS, subjects::all())
}
