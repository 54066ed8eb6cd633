//! The output: tables for people, and one line of JSON for each row.

use std::{fmt::Display, iter};

use anstyle::Style;
use measure::{Cell, Columns, Compared, Outcome, say};
use serde_json::{Map, Value, json};

use super::{Target, rounds::Measured, rows::What, subjects::Subject};

/// The remarks on a subject, beside its figures.
const NOTES: [(&str, &str); 1] = [(
    "monoio",
    "monoio has its feature `sync`, without which its wakers may not leave their thread. It cannot start a task from outside.",
)];

/// Prints the rows of a table, one column each.
pub fn print(target: Target, subjects: &[&Subject], rows: &[Measured]) {
    let Some(first) = rows.first() else { return };
    let threads = if first.table == "single" { "One thread" } else { "Pools, two workers" };
    let looked_at = match target {
        Target::Timed => "nanoseconds an operation, medians",
        Target::Counted => "counts an operation",
    };
    let bold = Style::new().bold();
    let heads = line("", rows.iter().map(|row| cell(row.row.id)));
    say(format_args!("{bold}{threads}: {looked_at}{bold:#}\n\n{heads}"));
    for (index, subject) in subjects.iter().enumerate() {
        let style = if subject.ours { bold } else { Style::new() };
        let cells = rows.iter().map(|row| {
            let (name, median) = row.subjects[index];
            let best = row.row.what != What::Calls && row.best_peer == Some(name);
            let value = median.map_or("·".to_owned(), |median| number(row.row.what, median.value));
            // The mark is outside the column, so the numbers stay aligned.
            Cell { text: format!("{value}{}", if best { '*' } else { ' ' }), style }
        });
        say(line(Cell { text: subject.name.to_owned(), style }, cells));
    }
    print_verdicts(rows);
    let noted = |name: &str| subjects.iter().any(|subject| subject.name == name);
    for (_, note) in NOTES.iter().filter(|(name, _)| noted(name)) {
        say(note);
    }
    say("");
}

/// Prints, below the columns, the ratios of the last stage to the best peer and to the stage before
/// it.
fn print_verdicts(rows: &[Measured]) {
    let to_best =
        print_ratios(rows, |row| row.compared.as_ref(), |compared| format!("{} to the best, *", compared.ours));
    let to_before =
        print_ratios(rows, |row| row.step.as_ref(), |compared| format!("{} to {}", compared.ours, compared.other));
    if to_best || to_before {
        let rounds = rows.iter().map(|row| cell(row.rounds));
        say(format_args!("\n{}\n", line("rounds", rounds)));
    }
}

/// Prints a ratio, its interval and its verdict below each column that has one. Returns whether any
/// has.
fn print_ratios(rows: &[Measured], of: fn(&Measured) -> Option<&Compared>, name: fn(&Compared) -> String) -> bool {
    let cells = |of_it: fn(&Compared) -> Cell| rows.iter().map(move |row| of(row).map_or_else(|| cell("·"), of_it));
    let mut names: Vec<String> = rows.iter().filter_map(of).map(name).collect();
    names.dedup();
    if names.is_empty() {
        return false;
    }
    let ratio = cells(|compared| cell(format_args!("{:.2}", compared.ratio.value)));
    let interval = cells(|Compared { ratio, outcome, .. }| match outcome {
        Outcome::Few => cell("·"),
        _ => cell(format_args!("{:.2}-{:.2}", ratio.low, ratio.high)),
    });
    let outcome = cells(|compared| Cell { style: compared.outcome.style(), ..cell(compared.outcome) });
    say(format_args!("\n{}", line(names.join(", "), ratio)));
    say(line("95 % interval of that", interval));
    say(line("", outcome));
    true
}

/// A cell without a mark.
fn cell(text: impl Display) -> Cell {
    format!("{text} ").into()
}

fn line(name: impl Into<Cell>, cells: impl Iterator<Item = Cell>) -> String {
    Columns { first: 28, others: 14 }.line(iter::once(name.into()).chain(cells))
}

fn number(what: What, value: f64) -> String {
    match what {
        What::Bytes => format!("{value:.0}"),
        What::Allocations => format!("{value:.2}"),
        What::Calls => format!("{value:.3}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Prints a row as one line.
pub fn print_json(row: &Measured) {
    say(json(row));
}

/// A row as an object.
pub fn json(row: &Measured) -> Value {
    let subjects: Map<_, _> = row.subjects.iter().map(|(name, median)| ((*name).to_owned(), json!(median))).collect();
    let notes: Vec<&str> = NOTES.iter().filter(|(name, _)| row.median(name).is_some()).map(|(_, note)| *note).collect();
    json!({
        "table": row.table,
        "row": row.row.id,
        "about": row.row.about,
        "unit": unit(row.row.what),
        "rounds": row.rounds,
        "subjects": subjects,
        "best_peer": row.best_peer,
        "compared": row.compared,
        "step": row.step,
        "notes": notes,
    })
}

fn unit(what: What) -> &'static str {
    match what {
        What::Nanos | What::KernelNanos => "ns",
        What::Bytes => "bytes",
        What::Allocations => "allocations",
        What::Calls => "system calls",
    }
}
