//! Wakers that others wrote and that no executor of `peers` hands out.

use harness::{Subject, waker::Tested};

mod on_async_task;
mod on_futures;
mod on_std;

pub fn subjects() -> Vec<Subject<Tested>> {
    [on_std::subjects(), on_futures::subjects(), on_async_task::subjects()].into_iter().flatten().collect()
}
