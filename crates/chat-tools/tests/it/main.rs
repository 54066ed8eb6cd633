//! The programs as processes, between pipes and on a terminal, and what a line of input means.
#![forbid(unsafe_code)]

mod commands;
#[cfg(all(feature = "load", target_os = "linux"))]
mod limit_server;
#[cfg(all(feature = "load", target_os = "linux"))]
mod load;
#[cfg(all(feature = "load", target_os = "linux"))]
mod load_table;
#[cfg(feature = "client")]
mod pipe;
#[cfg(any(feature = "client", feature = "load"))]
mod support;
#[cfg(all(feature = "client", target_os = "linux"))]
mod terminal;
