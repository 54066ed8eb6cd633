//! What every server and client relies on, a module for each promise.
#![forbid(unsafe_code)]

mod backlog_bounds;
mod cut_anywhere;
mod wire_compat;
