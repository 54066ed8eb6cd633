//! The command line of `load`.

use std::{
    ffi::OsString,
    net::SocketAddr,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use chat::service::say;
use clap::{CommandFactory, Parser, error::ErrorKind};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Load, Pace, Report, Server, Window, rate, run, stop_flag};

/// Put a load on a chat server, and see what it does and what it costs.
///
/// Starts the server with COMMAND, whose first line on stdout must be `listening on IP:PORT`, and
/// ends it again; or takes one that runs already (--at).
#[derive(Parser)]
#[command(name = "load", version, after_help = EXIT_CODES)]
struct Arguments {
    /// Clients
    #[arg(long, value_name = "N", default_value_t = 100)]
    clients: usize,
    /// Groups that the clients are in, each client in one
    #[arg(long, value_name = "N", default_value_t = 10)]
    groups: usize,
    /// Closed loop: a client posts again when its own post has come back (unless you give --rate)
    #[arg(long, conflicts_with = "rate")]
    closed: bool,
    /// Open loop: so many posts a second from all clients together, whatever the server does;
    /// latency counts from when a post should have been sent
    #[arg(long, value_name = "POSTS_PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
    #[command(flatten)]
    window: Window,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// A server that runs already
    #[arg(long, value_name = "IP:PORT", conflicts_with = "command")]
    at: Option<SocketAddr>,
    /// The process of that server, for its processor time and memory
    #[arg(long, requires = "at")]
    pid: Option<u32>,
    /// The server itself, not a wrapper that starts it: what is measured is this process
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required_unless_present = "at")]
    command: Vec<OsString>,
}

const EXIT_CODES: &str =
    "Exit codes: 0 it was measured; 1 it was not, or the run is void; 2 wrong usage; 130 interrupted";

/// The program `load`.
pub fn run_load() -> ExitCode {
    let arguments = Arguments::parse();
    let load = Load {
        clients: arguments.clients,
        groups: arguments.groups,
        pace: arguments.rate.map_or(Pace::Closed, Pace::Rate),
        window: arguments.window.clone(),
    };
    if let Err(why) = load.check() {
        Arguments::command().error(ErrorKind::ValueValidation, why).exit();
    }
    let stop = match stop_flag() {
        Ok(stop) => stop,
        Err(why) => return failed(&why),
    };
    match measure(&arguments, &load, &stop) {
        Ok(report) => show(&report, arguments.json),
        Err(_) if stop.load(Ordering::Relaxed) => ExitCode::from(130),
        Err(why) => failed(&why),
    }
}

fn measure(arguments: &Arguments, load: &Load, stop: &AtomicBool) -> Result<Report, String> {
    let mut server = match arguments.at {
        Some(address) => Server::at(address, arguments.pid),
        None => Server::start(&arguments.command, stop)?,
    };
    // Where stderr is no terminal, it shows nothing.
    let style = ProgressStyle::with_template("{bar:40} {percent}%").map_err(|error| error.to_string())?;
    let bar = ProgressBar::new(1000).with_style(style);
    let measured = run(load, &server, stop, &|done| bar.set_position((done * 1000.0) as u64));
    bar.finish_and_clear();
    measured.map_err(|why| server.explain(why))
}

fn show(report: &Report, json: bool) -> ExitCode {
    if json {
        say(serde_json::to_string(report).expect("numbers and strings always serialise"));
    } else {
        say(report);
    }
    match &report.void {
        Some(why) => failed(&format!("this run is void: {why}")),
        None => ExitCode::SUCCESS,
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("load: {why}");
    ExitCode::FAILURE
}
