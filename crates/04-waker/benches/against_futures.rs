//! `AtomicWaker`, the oneshot and the bounded channel beside those of the `futures` crate, under
//! the same loads. Run by `just bench waker`; how it is measured and judged is in the crate
//! `measure`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use measure::{DecidedBy, Row, compare};

mod against_futures {
    pub mod channels;
    pub mod place;
    mod tools;
}

use against_futures::{channels, place};

fn main() -> ExitCode {
    let mut rows = Vec::new();
    rows.extend(place::rows());
    rows.extend(channels::rows());
    compare(&rows)
}

/// A row of ours and one peer.
fn row(name: &'static str, times: u64, ours: fn(u64), futures: fn(u64)) -> Row {
    Row { name, times, subjects: vec![("ours", ours), ("futures", futures)], decided_by: DecidedBy::Program }
}
