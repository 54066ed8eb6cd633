//! The checks of wakers on those that nobody here wrote: what each runtime hands to a future. No false alarm, and each
//! finding with its reproduction.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::waker::CHECKS;

#[path = "waker_suite/on_async_std.rs"]
mod on_async_std;
#[path = "waker_suite/on_futures.rs"]
mod on_futures;
#[path = "waker_suite/on_smol.rs"]
mod on_smol;
#[path = "waker_suite/on_std.rs"]
mod on_std;
#[path = "waker_suite/on_tokio.rs"]
mod on_tokio;

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    let subjects = [
        on_std::subjects(),
        on_futures::subjects(),
        on_tokio::subjects(),
        on_async_std::subjects(),
        on_smol::subjects(),
    ];
    harness::main(&CHECKS, subjects.into_iter().flatten().collect())
}
