//! The program `chat`: a client for every chat server of the lectures. Everything it does is in the
//! library.
#![forbid(unsafe_code)]

use std::{net::TcpStream, process::ExitCode, time::Duration};

use chat_tools::{HELP, Options, run};
use clap::Parser;

/// Talk to a chat server: type, and see what the others say.
///
/// On a terminal lines are edited, with a history; Ctrl-C, Ctrl-D or /quit ends. From a pipe each
/// line is sent as it comes and each reply is a line on stdout; at the end of the input the client
/// leaves its groups, says that no more will come, and exits when the server has answered
/// everything and closed the connection.
#[derive(Parser)]
#[command(name = "chat", version, after_help = after_help())]
struct Args {
    /// Server to talk to
    #[arg(value_name = "HOST:PORT", value_parser = address)]
    addr: String,
    /// Send each line as it is, in the wire's format, and print replies as they arrive; there are
    /// no commands then
    #[arg(long)]
    json: bool,
    /// Join a group first; may be repeated, the last one is the current group
    #[arg(long, value_name = "GROUP")]
    join: Vec<String>,
    /// For servers that never close a connection: after the end of piped input, give up when
    /// nothing has arrived for so many milliseconds, and exit 1
    #[arg(long, value_name = "MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    quiet_ms: u64,
}

fn main() -> ExitCode {
    let Args { addr, json, join, quiet_ms } = Args::parse();
    let quiet = Duration::from_millis(quiet_ms);
    let result = TcpStream::connect(&addr)
        .map_err(|error| format!("cannot connect to {addr}: {error}"))
        .and_then(|stream| run(stream, Options { json, join, quiet }).map_err(|failure| failure.to_string()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("chat: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A wrong form is an error of usage; whether there is such a host is found out by connecting.
fn address(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("expected host:port, as in 127.0.0.1:8080".into()),
    }
}

fn after_help() -> String {
    let codes = "0 all went well; 1 no connection, or it was lost, or a line was not sent; 2 wrong usage";
    format!("Commands:\n{HELP}\n\nExit codes: {codes}")
}
