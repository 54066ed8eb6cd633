//! Every chat server of the house, started as a person starts it: by its program and `serve`.

use std::env;

use harness::{
    Subject,
    chat::{CHECKS, Server},
};
use house::programs::{beside, program};

/// Each server: its name here, its program, and its arguments besides the address.
const SERVERS: [(&str, &str, &[&str]); 5] = [
    ("threads", "threads", &[]),
    ("async-std", "async-chat", &["--runtime", "async-std"]),
    ("smol", "async-chat", &["--runtime", "smol"]),
    ("tokio", "async-chat", &["--runtime", "tokio"]),
    ("tokio-current", "async-chat", &["--runtime", "tokio-current"]),
];

/// What the default run asks of one server alone: it moves megabytes, runs out of descriptors, or
/// connects 10,000 times.
const LONG: &[&str] = &["E7", "E13", "E14"];

/// Builds the programs of the servers, if this run checks a server at all.
///
/// # Panics
///
/// If cargo puts a program elsewhere than beside the tests.
pub fn build() {
    if harness::in_check() || !is_selected() {
        return;
    }
    for (_, package, _) in SERVERS {
        assert_eq!(program(package, package), beside(package));
    }
}

/// Whether the command line selects a check of a server, or no check by name.
fn is_selected() -> bool {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let names: Vec<String> =
        SERVERS.iter().flat_map(|(name, ..)| CHECKS.iter().map(move |check| format!("{name}::{}", check.id))).collect();
    let mut words = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
    let lists = arguments.iter().any(|argument| argument == "--list");
    !lists && (words.peek().is_none() || words.any(|word| names.iter().any(|name| name.contains(word.as_str()))))
}

pub fn subjects() -> Vec<Subject<Server>> {
    let subject = |(name, package, arguments): (&'static str, &str, &[&str])| {
        let path = beside(package);
        let path = path.to_str().expect("the path of a checkout is text");
        let serve = ["serve", "--listen", "127.0.0.1:0", "--log", "off"];
        let limits = ["--half-closed-ms", "2000", "--drain-ms", "20000"];
        let server = Server::command([&[path], &serve[..], &limits, arguments].concat());
        Subject::new(name, server).long(if name == "tokio" { &[] } else { LONG })
    };
    SERVERS.map(subject).into()
}
