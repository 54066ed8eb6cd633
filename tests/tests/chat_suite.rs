//! One chat suite for every server of the house, each started as a person starts it: by its program
//! and `serve`.

use std::process::ExitCode;

use harness::{
    Subject,
    chat::{CHECKS, Server},
};
use house::programs::{beside, program};

/// Each server: its name here, its program, and what it is told besides where to listen.
const SERVERS: [(&str, &str, &[&str]); 5] = [
    ("threads", "threads", &[]),
    ("async-std", "async-chat", &["--runtime", "async-std"]),
    ("smol", "async-chat", &["--runtime", "smol"]),
    ("tokio", "async-chat", &["--runtime", "tokio"]),
    ("tokio-current", "async-chat", &["--runtime", "tokio-current"]),
];

fn main() -> ExitCode {
    let subject = |(name, package, arguments): (&'static str, &str, &[&str])| {
        let path = beside(package);
        // In the process of a single check it was built long ago.
        if !harness::in_check() {
            assert_eq!(program(package, package), path, "cargo puts its programs where its tests look for them");
        }
        let path = path.to_str().expect("a checkout lies where names are text");
        let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "off"];
        let limits = ["--half-closed-ms", "2000", "--drain-ms", "20000"];
        Subject::new(name, Server::command([&[path], &serve[..], &limits, arguments].concat()))
    };
    harness::main(&CHECKS, SERVERS.map(subject).into())
}
