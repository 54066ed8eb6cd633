//! The server as a process and as a program, a module for each way to fail.
#![forbid(unsafe_code)]

mod command_line;
mod connection_cap;
mod stalled_reader;
