//! Tests that need processes of their own. Parts B and C of the contract run on each stage, through
//! the adapters that the bench measures. Other tests count what a whole process allocates, or start
//! the bench as a child. The halves of B5, B7, B12, B13, C1, C4 and C5 that need many orders of two
//! threads are loom models, in `tests/models`.
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
#[path = "../common/ends.rs"]
mod ends;
#[path = "../../../05-executor/tests/common/hooked.rs"]
mod hooked;
mod memory;
mod million;
mod no_atomics_memory;
#[path = "../../examples/stress/main.rs"]
mod stress;
mod subjects;
mod tools;

use against_peers::stages::{self, pools};

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    if let Some(code) = tools::Tool::played() {
        return code;
    }
    let suite = Suite::new()
        .checks(&waker::CHECKS, subjects::all().into_iter().map(in_part_b).collect())
        .checks(&waker::CHECKS, subjects::hooked())
        .checks(&executor::CHECKS, subjects::all().into_iter().map(in_part_c).collect());
    [memory::add, no_atomics_memory::add, million::add, bench::add, tools::add]
        .into_iter()
        .fold(suite, |suite, add| add(suite))
        .main()
}

/// Part B: the slowest check is left to the long run where another subject resembles this one.
fn in_part_b(subject: Subject<Tested>) -> Subject<Tested> {
    if is_like_another(subject.name) { subject.long(&["B15"]) } else { subject }
}

/// The same for part C.
fn in_part_c(subject: Subject<Tested>) -> Subject<Tested> {
    if is_like_another(subject.name) { subject.long(&["C16"]) } else { subject }
}

/// Whether it is a pool with one worker or four: the same pool with two is never left out.
fn is_like_another(name: &str) -> bool {
    ["s2-pool-1", "s2-pool-4", "s3-stealing-1", "s3-stealing-4"].contains(&name)
}
