//! The checks of futures on futures that nobody here wrote: no false alarm, and each finding with
//! its reproduction.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::future::CHECKS;

#[path = "future_suite/on_async_lock.rs"]
mod on_async_lock;
#[path = "future_suite/on_async_std.rs"]
mod on_async_std;
#[path = "future_suite/on_futures.rs"]
mod on_futures;
#[path = "future_suite/on_tokio.rs"]
mod on_tokio;

fn main() -> ExitCode {
    // Its clock turns on a thread of its own; only a process that runs a check needs it.
    let runtime = harness::in_check().then(on_tokio::runtime);
    let _inside = runtime.as_ref().map(tokio::runtime::Runtime::enter);
    let subjects = [on_futures::subjects(), on_tokio::subjects(), on_async_std::subjects(), on_async_lock::subjects()];
    harness::main(&CHECKS, subjects.into_iter().flatten().collect())
}
