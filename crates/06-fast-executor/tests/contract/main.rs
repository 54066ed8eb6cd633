//! Tests that need processes of their own. Parts B and C of the contract run on each stage, through
//! the adapters that the bench measures, and the checks of the exercise run on its solution. Other
//! tests count what a whole process allocates, or start the bench as a child. The white halves of
//! the checks (B5, B7, B12, B13, C1, C4, C5) are loom models, in `tests/models`.
#![forbid(unsafe_code)]
#![allow(clippy::duplicate_mod, reason = "the bench and the stress test have files in common")]

use std::process::ExitCode;

use harness::{Subject, Suite, executor, executor::Tested, waker};

/// Adds tests that run alone. The name of a test in the list is its module and its function.
macro_rules! alone {
    ($suite:ident, $module:literal: $($test:ident)*) => {
        $suite$(.alone(concat!($module, "::", stringify!($test)), $test))*
    };
}

#[path = "../../benches/against_peers/mod.rs"]
mod against_peers;
mod bench;
#[path = "../../exercise/solution.rs"]
mod exercise;
#[path = "../common/fails.rs"]
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

/// Declares what the subject fails in part B. The slowest check is left to the long run where
/// another subject resembles this one.
fn in_part_b(subject: Subject<Tested>) -> Subject<Tested> {
    match subject.name {
        "s1-spin" => subject.long(&["B15"]),
        name if is_like_another(name) => subject.long(&["B15"]),
        _ => subject,
    }
}

/// Declares the same for part C.
fn in_part_c(subject: Subject<Tested>) -> Subject<Tested> {
    match subject.name {
        "s1-spin" => subject.fails(fails::SPIN),
        "s2-naive" => subject.fails(fails::NAIVE),
        name if is_like_another(name) => subject.long(&["C16"]),
        _ => subject,
    }
}

/// Whether it is a pool with one worker or four: the same pool with two is never left out.
fn is_like_another(name: &str) -> bool {
    ["s5-pool-1", "s5-pool-4", "s6-stealing-1", "s6-stealing-4"].contains(&name)
}
