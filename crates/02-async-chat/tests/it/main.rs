//! What the stages promise beyond the contract, a module for each way to fail.
#![forbid(unsafe_code)]

mod command_line;
mod flooding_client;
mod full_server;
mod gathering;
mod last_words;
mod lost_wake;
mod many_writes;
mod nodelay;
mod short_lines;
mod writers;
