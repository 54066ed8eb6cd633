//! `grade`: grades a file that a student submits as a lesson's exercise, as text or as JSON.
#![forbid(unsafe_code)]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anstream::{eprintln, println};
use clap::{Parser, value_parser};
use harness::grade::{Checkout, Limits, Order, grade};
use indicatif::{ProgressBar, ProgressStyle};

/// Grades a file that a student submits as a lesson's exercise: the result of each check, and a
/// score.
///
/// The file is built in a copy of the checkout in target/grade, so your own exercise is not
/// changed. A deadline and a memory limit protect this machine from honest mistakes. This is not a
/// sandbox: if you do not trust a file, grade it in a virtual machine.
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
    /// Print one JSON object; crates/harness/README.md describes it
    #[arg(long)]
    json: bool,
    /// Only this step
    #[arg(long, value_name = "NUMBER")]
    step: Option<u32>,
    /// The time limit for all checks together
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = value_parser!(u32).range(1..))]
    deadline: u32,
    /// The time limit for the build
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = value_parser!(u32).range(1..))]
    build_deadline: u32,
    /// The memory limit of each process; four checks run at once
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

/// A progress line on stderr, if stderr is a terminal.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is valid");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
