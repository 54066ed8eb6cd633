//! `just matrix`: the checks of executors and of wakers, on every stage of lessons 5 and 6 and on
//! the runtimes that people use. It prints a table or JSON, or writes the page of the notes. It is
//! an example because it needs this package's dev-dependencies.
#![forbid(unsafe_code)]

use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, available_parallelism},
};

use anstream::{eprintln, print, println};
use clap::{Parser, ValueEnum};
use harness::{Check, Level, Outcome, Subject, answered_among, executor, executor::Tested, judge, waker};
use house::findings::{FINDINGS, Finding};
use indicatif::ProgressBar;
use serde_json::json;

#[path = "../../tests/common/lessons.rs"]
mod lessons;
mod page;
mod table;

/// Counts the bytes of the heap, so that the checks see what a task leaves behind.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

/// Judges executors by part C of the contract, and their wakers by part B.
///
/// notes/en/contrato.md explains each check under its name. In the table, `pass` means that the
/// check passed, `FAIL` that a must failed, `warn` that a should failed, `pol` that the executor
/// does what it declares, and `-` that the check is not applicable.
#[derive(Parser)]
#[command(
    name = "just matrix",
    after_help = "Examples:\n  just matrix\n  just matrix tokio monoio --part b\n  just matrix s4-join --json\n  just matrix --notes\n\n\
        Exit codes: 0 the failures are exactly those that are explained; 1 they are not; \
        2 wrong usage"
)]
struct Arguments {
    /// Only executors whose names contain one of these texts
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Which part of the contract [default: c]
    #[arg(long, value_name = "PART", conflicts_with = "notes")]
    part: Option<Part>,
    /// Print the results as JSON
    #[arg(long, conflicts_with = "notes")]
    json: bool,
    /// Write notes/es/matriz.md and notes/en/matriz.md, from both parts on all executors
    #[arg(long, conflicts_with = "names")]
    notes: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Part {
    /// Wakers
    B,
    /// Executors
    C,
}

/// All executors.
fn subjects() -> Vec<Subject<Tested>> {
    lessons::all().into_iter().chain(peers::subjects()).collect()
}

/// The outcome of a check on a subject.
struct Result {
    subject: &'static str,
    check: &'static Check<Tested>,
    outcome: Outcome,
    /// What the subject declares, if the check judged that.
    declared: Option<String>,
    cell: Cell,
}

/// A cell of the table.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Cell {
    Pass,
    Fail,
    Warning,
    Policy,
    NotApplicable,
}

impl Cell {
    fn of(level: Level, outcome: &Outcome, declares: bool) -> Self {
        match (outcome, level) {
            (Outcome::NotApplicable(_), _) => Cell::NotApplicable,
            (Outcome::Passed, Level::Policy) if declares => Cell::Policy,
            (Outcome::Passed, _) => Cell::Pass,
            (_, Level::Should) => Cell::Warning,
            _ => Cell::Fail,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Cell::Pass => "pass",
            Cell::Fail => "fail",
            Cell::Warning => "warning",
            Cell::Policy => "policy",
            Cell::NotApplicable => "not applicable",
        }
    }

    fn is_broken(self) -> bool {
        matches!(self, Cell::Fail | Cell::Warning)
    }
}

impl Result {
    /// The explanation of this failure.
    fn finding(&self) -> Option<&'static Finding> {
        FINDINGS.iter().find(|finding| finding.of.contains(&self.subject) && finding.checks.contains(&self.check.id))
    }

    fn is_expected(&self) -> bool {
        self.cell.is_broken() == self.finding().is_some()
    }
}

fn main() -> ExitCode {
    let all = subjects();
    // A process that runs one check has the same command line as this one.
    if answered_among(&executor::CHECKS, &all) || answered_among(&waker::CHECKS, &all) {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    let chosen = |subject: &Subject<Tested>| {
        arguments.names.is_empty() || arguments.names.iter().any(|name| subject.name.contains(name))
    };
    let nobody = |name: &&String| !all.iter().any(|subject| subject.name.contains(name.as_str()));
    if let Some(name) = arguments.names.iter().find(nobody) {
        let names = all.iter().map(|subject| subject.name);
        eprintln!("error: no name contains '{name}': they are {}", names.collect::<Vec<_>>().join(", "));
        return ExitCode::from(2);
    }
    let subjects: Vec<_> = all.into_iter().filter(chosen).collect();
    if arguments.notes {
        return page::write(&subjects, &run(&executor::CHECKS, &subjects), &run(&waker::CHECKS, &subjects));
    }
    let checks: &'static [Check<Tested>] = match arguments.part {
        Some(Part::B) => &waker::CHECKS,
        _ => &executor::CHECKS,
    };
    let results = run(checks, &subjects);
    if arguments.json {
        let rows: Vec<_> = results.iter().map(as_json).collect();
        println!("{:#}", json!(rows));
    } else {
        print!("{}", table::text(checks, &subjects, &results));
    }
    if results.iter().all(Result::is_expected) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every check on every subject, each in a process of its own. Several run at a time, because
/// most of them wait.
fn run(checks: &'static [Check<Tested>], subjects: &[Subject<Tested>]) -> Vec<Result> {
    let pairs: Vec<_> = subjects.iter().flat_map(|subject| checks.iter().map(move |check| (subject, check))).collect();
    let trials: Vec<_> =
        pairs.iter().map(|(subject, check)| (format!("{}::{}", subject.name, check.id), check)).collect();
    let (next, outcomes, bar) = (AtomicUsize::new(0), Mutex::new(Vec::new()), ProgressBar::new(pairs.len() as u64));
    let work = || {
        loop {
            let index = next.fetch_add(1, Relaxed);
            let Some((name, check)) = trials.get(index) else { return };
            let outcome = judge(name, check.deadline);
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((index, outcome));
            bar.inc(1);
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 * available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(index, _)| *index);
    let results = outcomes.into_iter().map(|(index, outcome)| {
        let (subject, check) = pairs[index];
        let applies = !matches!(outcome, Outcome::NotApplicable(_));
        let declared = subject.value.declared().word(check.id).filter(|_| applies);
        let cell = Cell::of(check.level, &outcome, declared.is_some());
        Result { subject: subject.name, check, outcome, declared, cell }
    });
    results.collect()
}

fn as_json(result: &Result) -> serde_json::Value {
    json!({
        "subject": result.subject,
        "check": result.check.id,
        "level": result.check.level.word(),
        "must": result.check.must,
        "result": result.cell.word(),
        "declared": result.declared,
        "observed": result.outcome.observed(),
        "shown_by": result.finding().map(|finding| finding.command()),
        "source": result.check.source,
    })
}
