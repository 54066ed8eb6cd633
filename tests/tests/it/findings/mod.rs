//! What the checks found in code that others wrote. Each test shows a finding in a few lines and
//! without the checks. If such a test fails, the library was mended: remove the test, and its line
//! in the list of findings.

use std::{
    env,
    process::{Command, Output},
};

mod executors;
mod futures;
mod hooked_waker;
mod wakers;

/// Set in a process that [`again`] started.
const AGAIN: &str = "FINDINGS_AGAIN";

/// Runs one test of a module here again, in a process of its own, in which [`how`] gives `how`.
fn again(module: &str, test: &str, how: &str) -> Output {
    let this = env::current_exe().expect("a running program has a file");
    let name = format!("findings::{module}::{test}");
    Command::new(this).args(["--exact", &name]).env(AGAIN, how).output().expect("a program can start itself")
}

/// In a process that [`again`] started: how it runs the test.
fn how() -> Option<String> {
    env::var(AGAIN).ok()
}
