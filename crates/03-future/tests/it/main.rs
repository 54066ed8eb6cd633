//! What the contract does not ask: one module a way to fail.
#![forbid(unsafe_code)]

mod cancelled_loser;
mod command_line;
mod gated;
mod lock_across_await;
mod lost_data;
mod moved;
mod stale_waker;
mod state_machine;
mod waker_left_behind;
