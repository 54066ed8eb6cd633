//! `grade`: grades a file that somebody hands in as a lesson's exercise, for a person or as JSON.
#![forbid(unsafe_code)]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anstream::{eprintln, println};
use clap::{Parser, value_parser};
use harness::grade::{Checkout, Limits, Order, grade};
use indicatif::{ProgressBar, ProgressStyle};

/// Grades a file that somebody hands in as a lesson's exercise: each check's result, and a score.
///
/// The file is built in a copy of the checkout below target/grade, so your own exercise stays as it
/// is. It runs under a deadline and a memory limit, which keep an honest mistake from hurting this
/// machine. That is no sandbox: what you would not run at all, grade in a virtual machine.
#[derive(Parser)]
#[command(
    name = "grade",
    after_help = "Exit codes: 0 every check that applies passed; 1 some did not, or the file does not compile; 2 nothing \
                  was graded: wrong usage, or the checkout itself does not build; 130 interrupted"
)]
struct Arguments {
    /// The lesson, such as threads
    lesson: String,
    /// The file
    file: PathBuf,
    /// Print one JSON object, whose schema is in crates/harness/README.md
    #[arg(long)]
    json: bool,
    /// Only this step
    #[arg(long, value_name = "NUMBER")]
    step: Option<u32>,
    /// How long all the checks together may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = value_parser!(u32).range(1..))]
    deadline: u32,
    /// How long the build may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u32).range(1..))]
    build_deadline: u32,
    /// How much memory each process may have; four checks run at a time
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = value_parser!(u32).range(64..))]
    memory: u32,
}

fn main() -> ExitCode {
    let Arguments { lesson, file, json, step, deadline, build_deadline, memory } = Arguments::parse();
    let limits = Limits { build_seconds: build_deadline, seconds: deadline, memory_mib: memory };
    let order = Order { lesson, file, step, limits };
    let bar = progress();
    let graded = Checkout::here().and_then(|checkout| grade(&checkout, &order, &bar));
    bar.finish_and_clear();
    match graded {
        Ok(graded) if json => {
            let graded_json = serde_json::to_string_pretty(&graded).expect("strings and numbers are JSON");
            println!("{graded_json}");
            code(graded.full())
        }
        Ok(graded) => {
            println!("{graded}");
            code(graded.full())
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn code(full: bool) -> ExitCode {
    if full { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One line on stderr, if that is a terminal.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}").expect("a template that indicatif knows");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
