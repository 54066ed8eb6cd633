//! The checks of executors on those that nobody here wrote. No false alarm, and each finding with
//! its reproduction.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::executor::CHECKS;
use house::findings::fails;

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    let subjects = peers::subjects().into_iter().map(|subject| {
        let fails = fails(subject.name, 'C').leak();
        subject.fails(fails)
    });
    harness::main(&CHECKS, subjects.collect())
}
