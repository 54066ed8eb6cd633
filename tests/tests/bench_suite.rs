//! What `just bench executor` measures is what is checked: parts B and C of the contract on the
//! bench's own adapters, of the stages and of those that nobody here wrote. Each fails what it
//! fails elsewhere, and nothing else.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::{Check, Subject, executor, executor::Tested, waker};
use house::findings;

#[path = "../../crates/05-executor/benches/against_peers"]
mod against_peers {
    //! Who is measured, and through which functions.
    #![allow(dead_code, reason = "the loads are for the bench")]
    pub mod loads;
    pub mod stages;
    pub mod subjects;
}

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    let checks = waker::CHECKS.iter().chain(&executor::CHECKS).map(|check| Check { ..*check });
    let tables = against_peers::subjects::tables().into_iter().flat_map(|table| table.subjects);
    let subjects = tables.map(|subject| Subject::new(subject.name, (subject.tested)()).fails(fails(subject.name)));
    harness::main(checks.collect::<Vec<Check<Tested>>>().leak(), subjects.collect())
}

fn fails(name: &str) -> &'static [(&'static str, &'static str)] {
    ['B', 'C'].map(|part| findings::fails(name, part)).concat().leak()
}
