//! `just matrix`: the checks of executors (part C of the contract) on every stage of lesson 5 and on the runtimes that people
//! use, in one table. An example, since only examples and tests of this package know all of them.
#![forbid(unsafe_code)]

use std::{
    collections::HashMap,
    fmt::Write as _,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use anstream::println;
use anstyle::{AnsiColor, Style};
use clap::Parser;
use harness::{
    Check, Level, Outcome, Subject,
    executor::{CHECKS, Tested},
    in_check, judge,
};
use indicatif::ProgressBar;
use serde_json::json;

#[path = "../../crates/05-executor/tests/subjects/mod.rs"]
mod stages;

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

/// Run every check of executors on every stage of lesson 5 and on every runtime, and print one table.
///
/// What a check demands is in notes/en/contrato.md, under its name.
#[derive(Parser)]
#[command(name = "just matrix", after_help = "Exit codes: 0 the table is there, whatever it says; 2 wrong usage")]
struct Arguments {
    /// Only subjects whose names contain this word; may be repeated
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Print one JSON object, with what was observed
    #[arg(long)]
    json: bool,
}

fn subjects() -> Vec<Subject<Tested>> {
    let stages = [
        Subject::new("s1-spin", stages::spin()),
        Subject::new("s2-block-on", stages::block_on()),
        Subject::new("s2-naive", stages::naive_block_on()),
        Subject::new("s3-run-queue", stages::run_queue()),
        Subject::new("s4-spawn", stages::spawn()),
    ];
    stages.into_iter().chain(peers::subjects()).collect()
}

fn main() -> ExitCode {
    if in_check() {
        return harness::main(&CHECKS, subjects());
    }
    let arguments = Arguments::parse();
    let asked =
        |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|word| name.contains(word.as_str()));
    let names: Vec<&str> = subjects().iter().map(|subject| subject.name).filter(|name| asked(name)).collect();
    if names.is_empty() {
        eprintln!("error: no subject has such a name");
        return ExitCode::from(2);
    }
    let cells = run(&names);
    if arguments.json {
        print_json(&names, &cells)
    } else {
        print_table(&names, &cells)
    }
    ExitCode::SUCCESS
}

/// What came of each check on each subject.
type Cells = HashMap<(&'static str, &'static str), Outcome>;

/// Runs all of them, several at a time: they wait more than they compute.
fn run(names: &[&'static str]) -> Cells {
    let pairs: Vec<_> = names.iter().flat_map(|name| CHECKS.iter().map(move |check| (*name, check))).collect();
    let (next, cells, bar) = (AtomicUsize::new(0), Mutex::new(Cells::new()), ProgressBar::new(pairs.len() as u64));
    let work = || {
        while let Some((name, check)) = pairs.get(next.fetch_add(1, Relaxed)) {
            let outcome = judge(&format!("{name}::{}", check.id), check.deadline);
            cells.lock().unwrap_or_else(PoisonError::into_inner).insert((name, check.id), outcome);
            bar.inc(1);
        }
    };
    let threads = 2 * thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    bar.finish_and_clear();
    cells.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A cell in one word, and as a sign in its colour.
fn verdict(check: &Check<Tested>, outcome: &Outcome) -> (&'static str, char, AnsiColor) {
    match (outcome, check.level) {
        (Outcome::NotApplicable(_), _) => ("not applicable", '·', AnsiColor::BrightBlack),
        (Outcome::Passed, Level::Policy) => ("policy", 'p', AnsiColor::Cyan),
        (Outcome::Passed, _) => ("pass", '+', AnsiColor::Green),
        (_, Level::Should) => ("warning", '!', AnsiColor::Yellow),
        _ => ("fail", 'F', AnsiColor::Red),
    }
}

fn print_table(names: &[&'static str], cells: &Cells) {
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
    let heads = CHECKS.iter().map(|check| format!("{:>4}", check.id)).collect::<String>();
    println!("{:width$}{heads}", "");
    let mut findings = String::new();
    for name in names {
        let mut row = format!("{name:width$}");
        for check in &CHECKS {
            let outcome = &cells[&(*name, check.id)];
            let (word, sign, colour) = verdict(check, outcome);
            let style = Style::new().fg_color(Some(colour.into()));
            let _ = write!(row, "   {style}{sign}{style:#}");
            if outcome.is_failure() {
                let observed = outcome.observed();
                let _ =
                    writeln!(findings, "{name} {}, {word}: {}", check.id, observed.lines().next().unwrap_or_default());
            }
        }
        println!("{row}");
    }
    println!("\n+ pass   F fail   ! warning   p policy: as it declares   · not applicable\n\n{}", findings.trim_end());
}

fn print_json(names: &[&'static str], cells: &Cells) {
    let row = |name: &&'static str| {
        let results = CHECKS.iter().map(|check| {
            let outcome = &cells[&(*name, check.id)];
            json!({
                "check": check.id,
                "level": check.level.word(),
                "result": verdict(check, outcome).0,
                "observed": outcome.observed(),
            })
        });
        json!({ "subject": name, "results": results.collect::<Vec<_>>() })
    };
    println!("{}", json!({ "subjects": names.iter().map(row).collect::<Vec<_>>() }));
}
