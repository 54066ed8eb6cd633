//! A test in a process of its own, since there is one global recording a process: the test starts
//! this program again, for itself alone.

use std::{
    any::type_name_of_val,
    env,
    process::{Command, Output},
};

/// Set in the process that runs one test.
const ALONE: &str = "TIMELINE_TEST_ALONE";

/// Runs a closure of the calling test in a process of its own.
pub fn alone(test: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return test();
    }
    let path = type_name_of_val(&test);
    // `it::module::test::{{closure}}`, and libtest calls that `module::test`.
    let name = path.split_once("::").and_then(|(_, path)| path.strip_suffix("::{{closure}}"));
    let name = name.unwrap_or_else(|| panic!("{path} should be a closure of a test"));
    let Output { status, stdout, stderr } = only(name).env(ALONE, "1").output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(status.success(), "{name}, in a process of its own: {status}\n{stdout}{stderr}");
    assert!(stdout.contains("1 passed"), "{name} should be the name of a test:\n{stdout}");
}

/// This program, told to run one test.
pub fn only(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]);
    command
}
