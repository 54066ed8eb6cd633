//! `just bench fast-executor`, what is timed: every stage and every peer under the same loads, each in a
//! process of its own, the processes in turn. How it is judged is in the crate `measure`;
//! `counted.rs` counts what need not be timed.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod against_peers;

fn main() -> ExitCode {
    against_peers::main(against_peers::Target::Timed)
}
