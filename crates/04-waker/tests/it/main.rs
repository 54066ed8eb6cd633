//! What the contract does not ask: one module a way to fail.
#![forbid(unsafe_code)]

mod channel_order;
mod command_line;
mod kept_wakers;
mod panicking_waker;
mod parker_deadline;
