//! The contract on every stage, and the checks of the exercise on its solution. And what counts the
//! bytes and the allocations of a whole process.

use std::process::ExitCode;

use harness::Suite;

mod allocations;
#[path = "../../exercise/solution.rs"]
mod exercise;
mod futures;
#[path = "../steps/mod.rs"]
mod steps;
mod wakers;

/// What is left of a waker shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    Suite::new()
        .checks(&harness::future::CHECKS, futures::stages())
        .checks(&harness::waker::CHECKS, wakers::stages())
        .checks(&steps::CHECKS, steps::all())
        .alone(
            "nothing_is_allocated_to_wait_to_wake_to_send_and_to_receive",
            allocations::nothing_is_allocated_to_wait_to_wake_to_send_and_to_receive,
        )
        .main()
}
