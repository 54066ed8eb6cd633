//! The contract on code that others wrote, and on every chat server of the house. A finding is a
//! check that such a subject fails: the list of findings is exact, and each of them has a test that
//! shows it without the checks.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use harness::{Subject, Suite, chat, executor, executor::Tested, future, waker};
use house::findings::fails;

mod futures;
mod servers;
mod wakers;

/// Counts the bytes of the heap, so that the checks see what a task leaves behind.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

fn main() -> ExitCode {
    servers::build();
    Suite::new()
        .checks(&chat::CHECKS, servers::subjects())
        .checks(&executor::CHECKS, peers('C').collect())
        .checks(&waker::CHECKS, peers('B').chain(wakers::subjects()).collect())
        .checks(&future::CHECKS, futures::subjects())
        .main()
}

/// The executors that people use, with their findings in one part of the contract.
fn peers(part: char) -> impl Iterator<Item = Subject<Tested>> {
    peers::subjects().into_iter().map(move |subject| {
        let fails = fails(subject.name, part).leak();
        let long: Vec<_> = long(subject.name).iter().filter(|id| id.starts_with(part)).copied().collect();
        subject.fails(fails).long(long.leak())
    })
}

/// The checks of an executor that the default run leaves to `just long`. B15 and C16 start 100,000
/// tasks: by default they run on one pool, and where they fail. B1 and B14 poll thousands of times,
/// and each poll of monoio takes a millisecond.
fn long(name: &str) -> &'static [&'static str] {
    match name {
        "futures-local-pool" => &[],
        "monoio" => &["B1", "B14", "C11", "C16"],
        "tokio-local-set" => &["B1", "B14", "B15", "C16"],
        _ => &["B15", "C16"],
    }
}
