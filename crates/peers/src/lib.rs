#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod on_async_executor;
pub mod on_async_std;
pub mod on_futures;
pub mod on_monoio;
pub mod on_pollster;
pub mod on_smol;
pub mod on_tokio;
pub mod runtime;

use harness::{Subject, executor::Tested};

/// All subjects, with what each declares of itself. The list of checks that each fails is not here.
pub fn subjects() -> Vec<Subject<Tested>> {
    [
        on_tokio::subjects(),
        on_async_std::subjects(),
        on_smol::subjects(),
        on_async_executor::subjects(),
        on_futures::subjects(),
        on_pollster::subjects(),
        on_monoio::subjects(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
