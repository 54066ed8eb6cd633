//! What a traced future does on every runtime, and what the record shows of it: one module a way to
//! fail.
#![forbid(unsafe_code)]

mod alone;
mod chrome;
mod common;
mod json;
mod many_events;
mod on_async_std;
mod on_smol;
mod on_tokio;
mod one_recording;
mod own_subscriber;
mod problems;
mod readme;
mod runtime;
mod stuck;
mod terminal;
mod text;
mod traced;
