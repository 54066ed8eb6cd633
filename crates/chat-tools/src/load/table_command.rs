//! The command line of `load-table`, and the order in which it measures: round by round every
//! server in turn, each time as a fresh process, so that whatever drifts on the machine meets them
//! all.

use std::{
    ffi::OsString,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use chat::service::say;
use clap::{CommandFactory, Parser, error::ErrorKind};
use indicatif::{ProgressBar, ProgressStyle};
use measure::order;

use super::{
    Load, Pace, Report, Server, Window,
    kernel::machine,
    pairs::{Pair, Rounds},
    rate, run, stop_flag,
    table::{Section, Table},
};

/// Put several chat servers under the same loads, and print one table of what they do and cost.
///
/// For each load every server is measured in a closed loop, which tells what it can do; and then in
/// an open loop at a rate that all of them can bear, which makes their latencies comparable.
/// Figures are medians over the rounds.
#[derive(Parser)]
#[command(name = "load-table", version, args_override_self = true, after_help = EXIT_CODES)]
struct Arguments {
    /// A row: its name, and the command that starts the server; may be repeated
    #[arg(long = "server", value_name = "NAME=COMMAND", required = true, value_parser = Named::parse)]
    servers: Vec<Named>,
    /// Only rows whose names contain this word; may be repeated, for rows that contain any of them
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Two rows whose processor time and latency are compared round by round; may be repeated
    #[arg(long = "pair", value_name = "NAME/NAME", value_parser = pair)]
    pairs: Vec<(String, String)>,
    /// A load; may be repeated
    #[arg(long = "load", value_name = "CLIENTS/GROUPS", default_values = ["100/10", "1000/100"], value_parser = crowd)]
    loads: Vec<(usize, usize)>,
    /// How often each server is measured under each load
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The rate that all servers are offered [default: half of what the slowest of them does in a
    /// closed loop]
    #[arg(long, value_name = "POSTS_PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
    /// The server that processor time is compared with
    #[arg(long, value_name = "NAME", default_value = "limit")]
    base: String,
    #[command(flatten)]
    window: Window,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

const EXIT_CODES: &str =
    "Exit codes: 0 every run counts; 1 one was void or failed, as a note says; 2 wrong usage; 130 interrupted";

/// A server to be measured.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    command: Vec<OsString>,
}

impl Named {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, command) = text.split_once('=').ok_or("expected NAME=COMMAND")?;
        let command: Vec<OsString> = command.split_whitespace().map(OsString::from).collect();
        if name.is_empty() || command.is_empty() {
            return Err("expected NAME=COMMAND, and neither empty".into());
        }
        Ok(Named { name: name.to_owned(), command })
    }
}

fn crowd(text: &str) -> Result<(usize, usize), String> {
    let numbers =
        text.split_once('/').and_then(|(clients, groups)| Some((clients.parse().ok()?, groups.parse().ok()?)));
    numbers.ok_or_else(|| "expected CLIENTS/GROUPS, as in 1000/100".into())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (one, two) = text.split_once('/').ok_or("expected NAME/NAME")?;
    Ok((one.to_owned(), two.to_owned()))
}

/// The program `load-table`.
pub fn run_table() -> ExitCode {
    let mut arguments = Arguments::parse();
    if let Err(why) = arguments.choose() {
        Arguments::command().error(ErrorKind::ValueValidation, why).exit();
    }
    for &(clients, groups) in &arguments.loads {
        let load = Load { clients, groups, pace: Pace::Closed, window: arguments.window.clone() };
        if let Err(why) = load.check() {
            Arguments::command().error(ErrorKind::ValueValidation, why).exit();
        }
    }
    let stop = match stop_flag() {
        Ok(stop) => stop,
        Err(why) => {
            eprintln!("load-table: {why}");
            return ExitCode::FAILURE;
        }
    };
    let (command, machine) = (command_line(std::env::args()), machine());
    let bar = ProgressBar::new(arguments.steps() * STEP);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}%, {eta} to go, {msg}") {
        bar.set_style(style);
    }
    let sitting = Sitting { arguments: &arguments, stop: &stop, bar: &bar };
    let loads: Option<Vec<Section>> = arguments.loads.iter().map(|&load| sitting.section(load)).collect();
    bar.finish_and_clear();
    let Some(loads) = loads else { return ExitCode::from(130) };
    let all_count = loads.iter().all(|section| section.notes.is_empty());
    let table = Table { command, machine, loads };
    if arguments.json {
        say(serde_json::to_string(&table).expect("numbers and strings always serialise"));
    } else {
        say(table);
    }
    if all_count { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the bar moves by for one run.
const STEP: u64 = 1000;

impl Arguments {
    /// Leaves the rows that were asked for, and the pairs of which both are left.
    fn choose(&mut self) -> Result<(), String> {
        let Arguments { servers, only, pairs, .. } = self;
        let unknown = |name: &&String| servers.iter().all(|server| server.name != **name);
        if let Some(name) = pairs.iter().flat_map(|(one, two)| [one, two]).find(unknown) {
            return Err(format!("there is no row '{name}' to compare"));
        }
        if let Some(word) = only.iter().find(|word| servers.iter().all(|server| !server.name.contains(*word))) {
            return Err(format!("there is no row with '{word}' in its name"));
        }
        let chosen = |name: &str| only.is_empty() || only.iter().any(|word| name.contains(word));
        servers.retain(|server| chosen(&server.name));
        pairs.retain(|(one, two)| chosen(one) && chosen(two));
        Ok(())
    }

    /// How many runs there are: each server, in each round of each load, in a closed loop and in an
    /// open one.
    fn steps(&self) -> u64 {
        (self.servers.len() * self.loads.len()) as u64 * u64::from(self.rounds) * 2
    }
}

/// What all runs share.
struct Sitting<'a> {
    arguments: &'a Arguments,
    stop: &'a AtomicBool,
    bar: &'a ProgressBar,
}

impl Sitting<'_> {
    /// Measures every server under one load; `None` if it was interrupted.
    fn section(&self, (clients, groups): (usize, usize)) -> Option<Section> {
        let Arguments { servers, rounds, base, window, pairs, .. } = self.arguments;
        let mut load = Load { clients, groups, pace: Pace::Closed, window: window.clone() };
        let mut measured: Vec<Rounds> = servers.iter().map(|_| Rounds::default()).collect();
        let mut notes = Vec::new();
        let turns = (0..*rounds).flat_map(|round| order(round as usize, servers.len()));
        for server in turns.clone() {
            measured[server].closed.push(self.measure(&servers[server], &load, &mut notes)?);
        }
        let speeds = measured.iter().filter_map(|rounds| rounds.closed(|report| Some(report.posts_per_second)));
        let slowest = speeds.filter(|speed| *speed > 0.0).reduce(f64::min);
        let rate = self.arguments.rate.or_else(|| Some((slowest? / 2.0).ceil()));
        if let Some(rate) = rate {
            load.pace = Pace::Rate(rate);
            for server in turns {
                measured[server].open.push(self.measure(&servers[server], &load, &mut notes)?);
            }
        }
        let of = |name: &String| servers.iter().position(|server| server.name == *name);
        let pairs = pairs.iter().filter_map(|(one, two)| {
            Some(Pair::new(format!("{one} / {two}"), &measured[of(one)?], &measured[of(two)?]))
        });
        let pairs = pairs.collect();
        let base = of(base);
        let rows = servers.iter().zip(&measured);
        let rows = rows.map(|(server, rounds)| rounds.row(&server.name, base.map(|base| &measured[base]))).collect();
        let base = base.map(|base| servers[base].name.clone());
        Some(Section { clients, groups, offered_posts_per_second: rate, base, rows, pairs, notes })
    }

    /// One run. The outer `None` is an interruption; the inner one a run that counts for nothing,
    /// which is noted.
    fn measure(&self, server: &Named, load: &Load, notes: &mut Vec<String>) -> Option<Option<Report>> {
        self.bar.set_message(format!("{} under {}/{}", server.name, load.clients, load.groups));
        let begin = self.bar.position();
        let progress = |done: f64| self.bar.set_position(begin + (done * STEP as f64) as u64);
        let report = Server::start(&server.command, self.stop)
            .and_then(|mut running| run(load, &running, self.stop, &progress).map_err(|why| running.explain(why)));
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        self.bar.set_position(begin + STEP);
        let why = match report {
            Ok(report) => match loss(&report) {
                None => return Some(Some(report)),
                Some(why) => format!("is void: {why}"),
            },
            Err(why) => format!("failed: {why}"),
        };
        let pace = if load.pace == Pace::Closed { "closed loop" } else { "equal rate" };
        notes.push(format!("A run of {} ({pace}) {why}.", server.name));
        Some(None)
    }
}

/// Why a run does not count here. A latency is comparable only where nothing was lost, so dropped
/// lines make a run at the equal rate void, too.
fn loss(report: &Report) -> Option<String> {
    let dropped = report.total.dropped;
    report.void.clone().or_else(|| (dropped > 0).then(|| format!("dropped lines: {dropped}")))
}

/// The command as a shell would take it, the program by its name alone.
fn command_line(mut words: impl Iterator<Item = String>) -> String {
    let program = words.next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    words.fold(name, |line, word| {
        if word.contains([' ', '\'', '"', '$', '*', '&', ';']) {
            format!("{line} '{}'", word.replace('\'', r"'\''"))
        } else {
            format!("{line} {word}")
        }
    })
}
