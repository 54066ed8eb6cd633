//! `just bench fast-executor`, what is counted: the bytes and the allocations of a task that waits,
//! and the system calls of loads that should make none. It is a program of its own: a counting
//! allocator must not be in the program that is timed.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod against_peers;

#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    against_peers::main(against_peers::Target::Counted)
}
