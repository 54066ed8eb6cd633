//! Part C of the contract on each stage: what it passes, and exactly what it fails. The white
//! halves (C1, C4, C5) are not here, as no word works outside of a model under `--cfg loom_model`.
//! They are in `tests/models`: `just loom`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::executor::CHECKS;

#[path = "subjects/fails.rs"]
mod fails;
mod subjects;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    let subjects = subjects::all().into_iter().map(|subject| match subject.name {
        "s1-spin" => subject.fails(fails::SPIN),
        "s2-naive" => subject.fails(fails::NAIVE),
        _ => subject,
    });
    harness::main(&CHECKS, subjects.collect())
}
