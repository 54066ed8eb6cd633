#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "client")]
mod client;
mod command;
#[cfg(all(feature = "load", target_os = "linux"))]
pub mod limit;
#[cfg(feature = "client")]
mod listen;
#[cfg(all(feature = "load", target_os = "linux"))]
pub mod load;
mod talk;
#[cfg(feature = "client")]
mod terminal;
#[cfg(feature = "client")]
mod typed;
mod view;

#[cfg(feature = "client")]
pub use client::{Options, run};
pub use command::{BadCommand, Command, HELP};
#[cfg(feature = "client")]
pub use listen::Failure;
pub use talk::{Step, Talk};
pub use view::{View, printable};

/// What the programs that need Linux do elsewhere: they say so, and exit with 1.
#[cfg(not(target_os = "linux"))]
pub fn needs_linux(program: &str) -> std::process::ExitCode {
    eprintln!("{program}: needs Linux: it waits with epoll and reads the kernel's counters from /proc");
    std::process::ExitCode::FAILURE
}
