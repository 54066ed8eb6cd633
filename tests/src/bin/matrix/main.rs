//! `matrix`: the checks of executors and of wakers against every executor there is, as a table, as JSON, or as the page of
//! the notes.

use std::{
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, available_parallelism},
    time::Duration,
};

use anstream::{eprintln, print, println};
use clap::{Parser, ValueEnum};
use harness::{Check, Level, Outcome, Subject, answered_among, executor, executor::Tested, judge, waker};
use house::findings::{FINDINGS, Finding};
use serde_json::json;

mod page;
mod table;

/// What is left of a task shows in the bytes of the heap.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;

/// Judges executors by part C of the contract, and by part B, which is about the wakers that they hand out.
///
/// In the table, `pass` is passed, `FAIL` breaks what must hold, `warn` breaks what should hold, `pol` behaves as it declares
/// where executors differ, and `-` is not applicable.
///
/// Exit code: 0 if nothing fails but what is known and explained, 1 if something else does or something known does not,
/// 2 for a wrong command line.
#[derive(Parser)]
#[command(
    name = "matrix",
    after_help = "Examples:\n  just matrix\n  just matrix tokio monoio --part b\n  just matrix --json\n  just matrix --notes"
)]
struct Arguments {
    /// Only those whose names contain one of these texts
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Which part of the contract [default: c]
    #[arg(long, value_name = "PART", conflicts_with = "notes")]
    part: Option<Part>,
    /// Print the results as JSON
    #[arg(long, conflicts_with = "notes")]
    json: bool,
    /// Write the page of the notes, notes/es/matriz.md and notes/en/matriz.md, from all of both parts
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

/// All that is judged: what others wrote, and what the lessons did.
fn subjects() -> Vec<Subject<Tested>> {
    peers::subjects()
}

/// A subject, a check, and how that ended.
struct Result {
    subject: &'static str,
    check: &'static Check<Tested>,
    outcome: Outcome,
    cell: Cell,
}

/// What stands in the table.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Cell {
    Pass,
    Fail,
    Warning,
    Policy,
    NotApplicable,
}

impl Cell {
    fn of(check: &Check<Tested>, outcome: &Outcome) -> Self {
        match (outcome, check.level) {
            (Outcome::NotApplicable(_), _) => Cell::NotApplicable,
            (Outcome::Passed, Level::Policy) => Cell::Policy,
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
    /// Where this is explained.
    fn finding(&self) -> Option<&'static Finding> {
        FINDINGS.iter().find(|finding| finding.of.contains(&self.subject) && finding.checks.contains(&self.check.id))
    }

    fn is_expected(&self) -> bool {
        self.cell.is_broken() == self.finding().is_some()
    }
}

fn main() -> ExitCode {
    let all = subjects();
    // In the processes that run one check each, whatever the command line is.
    if answered_among(&executor::CHECKS, &all) || answered_among(&waker::CHECKS, &all) {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    let chosen = |subject: &Subject<Tested>| {
        arguments.names.is_empty() || arguments.names.iter().any(|name| subject.name.contains(name))
    };
    let subjects: Vec<_> = all.into_iter().filter(chosen).collect();
    if subjects.is_empty() {
        eprintln!("error: there is none of that name: they are {}", names().join(", "));
        return ExitCode::from(2);
    }
    if arguments.notes {
        return page::write(&subjects, &run(&executor::CHECKS, &subjects), &run(&waker::CHECKS, &subjects));
    }
    let checks: &'static [Check<Tested>] = match arguments.part {
        Some(Part::B) => &waker::CHECKS,
        _ => &executor::CHECKS,
    };
    let results = run(checks, &subjects);
    if arguments.json {
        let rows: Vec<_> = results.iter().map(|result| as_json(result, &subjects)).collect();
        println!("{:#}", json!(rows));
    } else {
        print!("{}", table::text(checks, &subjects, &results));
    }
    if results.iter().all(Result::is_expected) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn names() -> Vec<&'static str> {
    subjects().iter().map(|subject| subject.name).collect()
}

/// Every check on every subject, each in a process of its own, and several at a time: they mostly wait.
fn run(checks: &'static [Check<Tested>], subjects: &[Subject<Tested>]) -> Vec<Result> {
    let pairs: Vec<_> = subjects.iter().flat_map(|subject| checks.iter().map(|check| (subject.name, check))).collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Relaxed);
            let Some((subject, check)) = pairs.get(index) else { return };
            let outcome = judge(&format!("{subject}::{}", check.id), check.deadline.min(LIMIT));
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).push((index, outcome));
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 * available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(index, _)| *index);
    let results = outcomes.into_iter().map(|(index, outcome)| {
        let (subject, check) = pairs[index];
        Result { subject, check, cell: Cell::of(check, &outcome), outcome }
    });
    results.collect()
}

/// No check that ends takes as long.
const LIMIT: Duration = Duration::from_secs(120);

/// What a subject declares of a check.
fn declared(subjects: &[Subject<Tested>], result: &Result) -> Option<String> {
    let subject = subjects.iter().find(|subject| subject.name == result.subject)?;
    subject.value.declared().word(result.check.id).filter(|_| result.cell != Cell::NotApplicable)
}

fn as_json(result: &Result, subjects: &[Subject<Tested>]) -> serde_json::Value {
    let shown = result.finding().map(|finding| format!("{} {}", finding.shown.0, finding.shown.1));
    json!({
        "subject": result.subject,
        "check": result.check.id,
        "level": result.check.level.word(),
        "must": result.check.must,
        "result": result.cell.word(),
        "declared": declared(subjects, result),
        "observed": result.outcome.observed(),
        "shown_by": shown,
        "source": result.check.source,
    })
}
