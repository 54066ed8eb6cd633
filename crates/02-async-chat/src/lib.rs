#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod runtime;

pub mod s1_plain;
pub mod s2_mailbox;

#[cfg(feature = "async-std")]
pub mod on_async_std;
#[cfg(feature = "smol")]
pub mod on_smol;
#[cfg(feature = "tokio")]
pub mod on_tokio;

pub mod parts {
    //! What stands under the stages, each explained once.
    pub mod census;
    pub mod crew;
    pub mod mailbox;
    pub mod reader;
    pub mod stop;
    pub mod writers;
}

// The program of this lesson compares the runtimes, and so needs all of them.
#[cfg(all(feature = "async-std", feature = "smol", feature = "tokio"))]
mod serve;

pub use runtime::Runtime;
#[cfg(all(feature = "async-std", feature = "smol", feature = "tokio"))]
pub use serve::{Serve, Stage, Which, run};
