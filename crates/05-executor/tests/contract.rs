//! Part C of the contract on each stage: what it passes, and exactly what it fails. The white halves (C1, C4, C5) are not here,
//! as no word works outside of a model under `--cfg loom_model`. They are in `tests/models`: `just loom`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::{Subject, executor::CHECKS};

#[path = "subjects/fails.rs"]
mod fails;
mod subjects;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    harness::main(
        &CHECKS,
        vec![
            Subject::new("s1-spin", subjects::spin()).fails(fails::SPIN),
            Subject::new("s2-block-on", subjects::block_on()),
            Subject::new("s2-naive", subjects::naive_block_on()).fails(fails::NAIVE),
            Subject::new("s3-run-queue", subjects::run_queue()),
            Subject::new("s4-spawn", subjects::spawn()),
            Subject::new("s5-pool-1", subjects::pool(1)),
            Subject::new("s5-pool-2", subjects::pool(2)),
            Subject::new("s5-pool-4", subjects::pool(4)),
            Subject::new("s6-stealing-1", subjects::stealing(1)),
            Subject::new("s6-stealing-2", subjects::stealing(2)),
            Subject::new("s6-stealing-4", subjects::stealing(4)),
        ],
    )
}
