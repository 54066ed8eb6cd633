//! The checks on subjects that are broken in one place each, and the runner on toys. The program is
//! also what it tests: with the argument `serve` it is a broken server, and with `RUNNER_TOY` set
//! it is a small contract target of its own.

use std::process::ExitCode;

use harness::Suite;

mod broken;
mod runner;

/// Counts the bytes of the heap, so that the checks see what a task leaves behind.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    #[cfg(feature = "chat")]
    if let Some(exit_code) = broken::servers::serve() {
        return exit_code;
    }
    if let Some(exit_code) = runner::toy() {
        return exit_code;
    }
    runner::add_to(broken::add_to(Suite::new())).main()
}
