//! Builds the submitted file in the copy of the checkout, under a deadline. Separates errors in
//! that file from errors in the rest of the checkout.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::Signal;
use serde_json::Value;

use super::checkout::{Checkout, Copy, Lesson, cargo};
use crate::run::process::{self, Group, collect};

/// The compiler's errors are cut after about this number of bytes.
const LONGEST: usize = 1 << 16;

/// Builds the target `exercise` of the copy. Returns its program, or the compiler's errors in
/// colour.
///
/// The build of foreign crates is shared with the working tree. The workspace's own crates must be
/// built separately: otherwise the working tree would run the program that is built here. For that,
/// `RUSTC_WORKSPACE_WRAPPER` is set to `env`. It only starts the compiler, but cargo keeps results
/// with and without a wrapper apart.
///
/// # Errors
///
/// The rest of the checkout does not build.
pub(super) fn build(
    checkout: &Checkout,
    copy: &Copy,
    lesson: &Lesson,
    deadline: Duration,
) -> Result<Result<PathBuf, String>, String> {
    let mut command = Command::new(cargo());
    command.args(["test", "--no-run", "--message-format", "json-diagnostic-rendered-ansi"]);
    command.args(["--package", &lesson.name, "--test", "exercise"]).arg("--target-dir").arg(&copy.built);
    command.arg("--config").arg(format!("build.build-dir={}", Value::from(checkout.build_directory.to_string_lossy())));
    command.env("RUSTC_WORKSPACE_WRAPPER", "env").current_dir(&copy.root);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |error| format!("cannot start cargo: {error}");
    let mut group = Group::spawn(&mut command, Signal::KILL).map_err(failed)?;
    let (messages, stderr) = (group.child.stdout.take(), collect(group.child.stderr.take()));
    let messages = thread::spawn(|| messages.map(read).unwrap_or_default());
    let status = process::wait(&mut group.child, deadline).map_err(failed)?;
    drop(group);
    let Messages { errors, program } = messages.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    match (status, program) {
        (None, _) => Ok(Err(format!("a hang: it was not built in {} s", deadline.as_secs()))),
        (Some(status), Some(program)) if status.success() => Ok(Ok(program)),
        _ if !errors.is_empty() => Ok(Err(errors)),
        // The compiler itself failed, without a message in JSON.
        _ if stderr.contains("(test \"exercise\")") => Ok(Err(stderr)),
        _ => Err(format!("the exercise's dependencies cannot be built:\n{}", stderr.trim())),
    }
}

#[derive(Default)]
struct Messages {
    /// The compiler's errors in the exercise.
    errors: String,
    /// The exercise's program, if it was built.
    program: Option<PathBuf>,
}

/// Reads cargo's messages, and keeps those about the exercise.
fn read(stdout: impl Read) -> Messages {
    let mut messages = Messages::default();
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        let said = &message["message"];
        let summary = said["message"].as_str().is_some_and(|text| text.starts_with("aborting due to"));
        if message["target"]["name"] != "exercise" {
            continue;
        }
        if said["level"] == "error" && !summary && messages.errors.len() < LONGEST {
            messages.errors += said["rendered"].as_str().unwrap_or_default();
        }
        if let Some(program) = message["executable"].as_str() {
            messages.program = Some(program.into());
        }
    }
    messages
}
