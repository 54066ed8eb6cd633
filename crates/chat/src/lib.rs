#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod backlog;
mod groups;
mod limits;
mod lines;
#[cfg(feature = "service")]
pub mod scene;
#[cfg(feature = "service")]
pub mod service;
mod wire;

pub use backlog::Backlog;
pub use groups::{Groups, Member, Session};
pub use limits::Limits;
pub use lines::LineDecoder;
pub use wire::{BadLine, Reply, Request};
