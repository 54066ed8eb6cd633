//! Part B of the contract on the wakers of each stage. The white halves (B5, B7, B12, B13) are not here: under `--cfg loom_model`
//! no word works outside of a model. They are in `tests/models`: `just loom`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::{Subject, waker::CHECKS};

mod subjects;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    harness::main(
        &CHECKS,
        vec![
            Subject::new("s1-spin", subjects::spin()),
            Subject::new("s2-block-on", subjects::block_on()),
            Subject::new("s2-naive", subjects::naive_block_on()),
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
