#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod client;
mod command;
mod listen;
mod talk;
mod terminal;
mod typed;
mod view;

pub use client::{Options, run};
pub use command::{BadCommand, Command, HELP};
pub use listen::Failure;
pub use talk::{Step, Talk};
pub use view::{View, printable};
