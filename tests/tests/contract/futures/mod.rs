//! Futures that others wrote: no false alarm, and each finding with the test that shows it.

use harness::{Subject, future::Tested};

mod on_async_lock;
mod on_async_std;
mod on_futures;
mod on_tokio;

pub fn subjects() -> Vec<Subject<Tested>> {
    let all = [on_futures::subjects(), on_tokio::subjects(), on_async_std::subjects(), on_async_lock::subjects()];
    all.into_iter().flatten().collect()
}
