//! One chat suite for every server of the house, each started as a person starts it: by its program and `serve`.

use std::process::ExitCode;

use harness::{
    Subject,
    chat::{CHECKS, Server},
};
use house::programs::{beside, program};

fn main() -> ExitCode {
    let threads = beside("threads");
    // In the process of a single check it was built long ago.
    if !harness::in_check() {
        assert_eq!(program("threads", "threads"), threads, "cargo puts its programs where its tests look for them");
    }
    let serve = [threads.as_os_str(), "serve".as_ref(), "--listen".as_ref(), "127.0.0.1:0".as_ref()];
    let quiet = ["--log", "off", "--half-closed-ms", "2000", "--drain-ms", "20000"].map(AsRef::as_ref);
    harness::main(&CHECKS, vec![Subject::new("threads", Server::command(serve.into_iter().chain(quiet)))])
}
