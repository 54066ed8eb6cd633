//! `just bench fast-executor`, what is timed: every stage and every peer under the same loads. Each
//! subject is in a process of its own, and the processes take turns. The crate `measure` has the
//! rule for the verdicts; `counted.rs` counts what is not timed.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod against_peers;

fn main() -> ExitCode {
    against_peers::main(against_peers::Target::Timed)
}
