//! One run of one subject, in a process of its own.

use std::{env, process::Command};

use super::{
    calls,
    rows::{Row, What},
    subjects::{DEADLINE, VARIABLES},
};

/// The argument that tells a process which load to carry.
pub const RUN: &str = "--run";

/// The figure for one operation of a row; or why there is none.
pub fn figure(table: &str, row: &Row, subject: &str) -> Result<f64, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(this);
    command.arg(RUN).arg(format!("{table} {} {subject}", row.id)).envs(VARIABLES);
    let figure = match row.what {
        What::Calls => measure::run(&mut command, DEADLINE, |child| calls::of(child))
            .map(|(calls, _)| calls / row.operations() as f64),
        _ => measure::figure(&mut command, DEADLINE),
    };
    figure.map_err(|why| format!("{subject}, {}: {why}", row.id))
}
