//! The checks of wakers on those that nobody here wrote: what each runtime hands to a future. No
//! false alarm, and each finding with its reproduction.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::waker::CHECKS;
use house::findings::fails;

#[path = "waker_suite/on_async_task.rs"]
mod on_async_task;
#[path = "waker_suite/on_futures.rs"]
mod on_futures;
#[path = "waker_suite/on_std.rs"]
mod on_std;

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    let peers = peers::subjects().into_iter().map(|subject| {
        let fails = fails(subject.name, 'B').leak();
        subject.fails(fails)
    });
    let others = [on_std::subjects(), on_futures::subjects(), on_async_task::subjects()];
    harness::main(&CHECKS, peers.chain(others.into_iter().flatten()).collect())
}
