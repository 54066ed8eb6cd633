//! Part C of the contract on each stage: what it passes, and exactly what it fails. The white halves (C1, C4, C5) are not here,
//! as no word works outside of a model under `--cfg loom_model`. They are in `tests/models`: `just loom`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::{Subject, executor::CHECKS};

mod subjects;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

const SPIN_FAILS: &[(&str, &str)] = &[
    ("C7", "it polls every task in every round, woken or not"),
    ("C18", "it polls also when nobody is ready, and never sleeps"),
];
const NAIVE_FAILS: &[(&str, &str)] = &[
    ("C2", "a poll that parks takes the wake along that was meant for the loop"),
    ("C3", "so does a loop inside of the loop: both sleep by the one token of their thread"),
];

fn main() -> ExitCode {
    harness::main(
        &CHECKS,
        vec![
            Subject::new("s1-spin", subjects::spin()).fails(SPIN_FAILS),
            Subject::new("s2-block-on", subjects::block_on()),
            Subject::new("s2-naive", subjects::naive_block_on()).fails(NAIVE_FAILS),
            Subject::new("s3-run-queue", subjects::run_queue()),
            Subject::new("s4-spawn", subjects::spawn()),
        ],
    )
}
