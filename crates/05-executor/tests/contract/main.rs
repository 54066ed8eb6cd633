//! Whatever needs processes of its own: parts B and C of the contract on each stage, through the
//! adapters that are measured; the checks of the exercise on its solution; what a whole process
//! allocates; and the bench itself. The white halves of the checks (B5, B7, B12, B13, C1, C4, C5)
//! are in `tests/models`: under `--cfg loom_model` no word works outside of a model.
#![forbid(unsafe_code)]
#![allow(clippy::duplicate_mod, reason = "the bench and the stress test have files in common")]

use std::process::ExitCode;

use harness::{Subject, Suite, executor, executor::Tested, waker};

#[path = "../../benches/against_peers/mod.rs"]
mod against_peers;
mod bench;
#[path = "../../exercise/solution.rs"]
mod exercise;
#[path = "../shared/fails.rs"]
mod fails;
mod fast_memory;
mod memory;
mod million;
#[path = "../steps/mod.rs"]
mod steps;
#[path = "../../examples/stress/main.rs"]
mod stress;
mod subjects;
mod tools;

use against_peers::stages::pools;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    if let Some(code) = tools::Tool::played() {
        return code;
    }
    let suite = Suite::new()
        .checks(&waker::CHECKS, subjects::all().into_iter().map(in_part_b).collect())
        .checks(&waker::CHECKS, subjects::hooked())
        .checks(&executor::CHECKS, subjects::all().into_iter().map(in_part_c).collect())
        .checks(&steps::CHECKS, steps::steps());
    [memory::add, fast_memory::add, million::add, bench::add, tools::add]
        .into_iter()
        .fold(suite, |suite, add| add(suite))
        .main()
}

/// With what it fails, and with what takes long and is asked of a like one always.
fn in_part_b(subject: Subject<Tested>) -> Subject<Tested> {
    match subject.name {
        "s1-spin" => subject.fails(fails::SPIN_WAKER).long(&["B15"]),
        name if is_like_another(name) => subject.long(&["B15"]),
        _ => subject,
    }
}

/// The same.
fn in_part_c(subject: Subject<Tested>) -> Subject<Tested> {
    match subject.name {
        "s1-spin" => subject.fails(fails::SPIN),
        "s2-naive" => subject.fails(fails::NAIVE),
        name if is_like_another(name) => subject.long(&["C16"]),
        _ => subject,
    }
}

/// A pool with one worker or four, beside the same with two.
fn is_like_another(name: &str) -> bool {
    ["s5-pool-1", "s5-pool-4", "s6-stealing-1", "s6-stealing-4"].contains(&name)
}
