//! `check-chat`: judges any chat server of this wire format, written in any language, and prints a
//! table of the results.
#![forbid(unsafe_code)]

use std::{
    ffi::OsString,
    io::Write,
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anstream::{eprintln, print, println};
use anstyle::{AnsiColor, Style};
use clap::{CommandFactory, Parser, error::ErrorKind};
use harness::{
    Check, Level, Outcome, answered,
    chat::{CHECKS, Client, Server},
    judge, report,
};
use serde_json::json;

/// Checks a chat server against part E of the contract: E1 to E15.
///
/// Give the address of a running server, or the command that starts one. With a command each check
/// gets a fresh server, and the checks that must watch or end its process apply too. The server's
/// first line on stdout must then be `listening on IP:PORT`, unless --at gives its address.
///
/// Exit code: 0 if every `must` that applies holds, 1 if not, 2 for a wrong command line.
#[derive(Parser)]
#[command(
    name = "check-chat",
    after_help = "Examples:\n  check-chat 127.0.0.1:8080\n  check-chat ./server --port 0\n  check-chat --at 127.0.0.1:9000 python3 server.py"
)]
struct Arguments {
    /// Only these checks, such as E4,E5
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// The address of the command's server, if it does not print it
    #[arg(long, value_name = "IP:PORT")]
    at: Option<SocketAddr>,
    /// An address, or a command with its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "ADDRESS | COMMAND")]
    target: Vec<OsString>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let server = arguments.server();
    if answered(&CHECKS, &server) || answered(&START, &server) {
        return ExitCode::SUCCESS;
    }
    let checks = arguments.checks();
    // Without a server there would be fifteen failures, so one error says it first. Like a check,
    // the attempt runs in its own process, which ends everything that the command started.
    let start = judge("server::start", START[0].deadline);
    if start != Outcome::Passed {
        eprintln!("error: {}", start.observed());
        return ExitCode::FAILURE;
    }
    let mut results = Vec::new();
    for check in checks {
        if !arguments.json {
            print!("{:<4} {:<7}", check.id, check.level.word());
            let _ = std::io::stdout().flush();
        }
        let outcome = judge(&format!("server::{}", check.id), check.deadline);
        if !arguments.json {
            println!("{}", row(check, &outcome));
        }
        results.push((check, outcome));
    }
    if arguments.json {
        println!("{:#}", json!(results.iter().map(|(check, outcome)| as_json(check, outcome)).collect::<Vec<_>>()));
    } else {
        summary(&results);
    }
    let judged = results.iter().any(|(_, outcome)| !matches!(outcome, Outcome::NotApplicable(_)));
    if !judged {
        eprintln!("error: not one check was applicable, so nothing was checked");
    }
    let broken = results.iter().any(|(check, outcome)| check.level == Level::Must && outcome.is_failure());
    if judged && !broken { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Arguments {
    fn server(&self) -> Server {
        match (&self.target[..], self.at) {
            ([one], None) if let Some(address) = address(one) => Server::at(address),
            ([one], None) if one.to_str().is_some_and(|one| one.contains(':')) && !Path::new(one).exists() => {
                let message = format!("'{}' is neither an address that can be resolved nor a program", one.display());
                Arguments::command().error(ErrorKind::InvalidValue, message).exit()
            }
            (command, at) => Server { address: at, ..Server::command(command) },
        }
    }

    fn checks(&self) -> Vec<&'static Check<Server>> {
        if self.only.is_empty() {
            return CHECKS.iter().collect();
        }
        let find = |id: &String| {
            CHECKS.iter().find(|check| check.id.eq_ignore_ascii_case(id)).unwrap_or_else(|| {
                let message = format!("there is no check '{id}'; the checks are E1 to E{}", CHECKS.len());
                Arguments::command().error(ErrorKind::InvalidValue, message).exit()
            })
        };
        self.only.iter().map(find).collect()
    }
}

/// The address in an argument such as `127.0.0.1:8080` or `localhost:8080`.
fn address(argument: &OsString) -> Option<SocketAddr> {
    argument.to_str()?.to_socket_addrs().ok()?.next()
}

/// Not part of the contract: tests whether the server can be reached at all.
static START: [Check<Server>; 1] = [Check {
    id: "start",
    level: Level::Must,
    must: "the server starts, and says where it listens",
    why: "otherwise there is nothing to check",
    source: "",
    deadline: Duration::from_secs(90),
    run: |server| server.start().and_then(|running| Client::connect(running.address)).map(drop),
}];

fn row(check: &Check<Server>, outcome: &Outcome) -> String {
    let (word, colour, text) = match outcome {
        Outcome::Passed => ("pass", AnsiColor::Green, check.must),
        Outcome::NotApplicable(why) => ("n/a", AnsiColor::BrightBlack, why.as_str()),
        _ if check.level == Level::Should => ("warning", AnsiColor::Yellow, check.must),
        _ => ("FAIL", AnsiColor::Red, check.must),
    };
    let style: Style = colour.on_default();
    format!("{style}{word:<8}{style:#}{text}")
}

fn summary(results: &[(&Check<Server>, Outcome)]) {
    for (check, outcome) in results.iter().filter(|(_, outcome)| outcome.is_failure()) {
        println!("\n{}", report(check, outcome));
    }
    let count = |wanted: fn(&Check<Server>, &Outcome) -> bool| {
        results.iter().filter(|(check, outcome)| wanted(check, outcome)).count()
    };
    println!(
        "\n{} passed, {} failed, {} warnings, {} not applicable",
        count(|_, outcome| *outcome == Outcome::Passed),
        count(|check, outcome| outcome.is_failure() && check.level != Level::Should),
        count(|check, outcome| outcome.is_failure() && check.level == Level::Should),
        count(|_, outcome| matches!(outcome, Outcome::NotApplicable(_))),
    );
}

fn as_json(check: &Check<Server>, outcome: &Outcome) -> serde_json::Value {
    let word = match outcome {
        Outcome::Passed => "pass",
        Outcome::NotApplicable(_) => "not applicable",
        _ if check.level == Level::Should => "warning",
        _ => "fail",
    };
    json!({
        "id": check.id, "level": check.level.word(), "outcome": word, "observed": outcome.observed(),
        "must": check.must, "why": check.why, "source": check.source,
    })
}
