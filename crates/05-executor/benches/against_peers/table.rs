//! What a person reads, and what a program does: the tables, and a line of JSON for each row.

use anstyle::{AnsiColor, Style};
use harness::compare::{Median, Outcome};
use serde_json::{Map, Value, json};

use super::{
    Target,
    rounds::{Compared, Measured},
    rows::What,
    say::say,
    subjects::Subject,
};

/// What has to be said of a subject beside its figures.
const NOTES: [(&str, &str); 1] = [(
    "monoio",
    "monoio has its feature `sync`, without which its wakers may not leave their thread. It cannot start a task from outside.",
)];

/// Prints the rows of a table: a column each.
pub fn print(target: Target, subjects: &[&Subject], rows: &[Measured]) {
    let Some(first) = rows.first() else { return };
    let threads = if first.table == "single" { "One thread" } else { "Pools, two workers" };
    let looked_at = match target {
        Target::Timed => "nanoseconds an operation, medians",
        Target::Counted => "counts an operation",
    };
    let heads: Vec<&str> = rows.iter().map(|row| row.row.id).collect();
    let bold = Style::new().bold();
    let heads = line("", Style::new(), heads.iter().map(|head| plain(head)));
    say(format_args!("{bold}{threads}: {looked_at}{bold:#}\n\n{heads}"));
    for (index, subject) in subjects.iter().enumerate() {
        let style = if subject.ours { bold } else { Style::new() };
        let cells = rows.iter().map(|row| {
            let (name, median) = row.subjects[index];
            let best = row.row.what != What::Calls && row.best_peer == Some(name);
            let value = median.map_or("·".to_owned(), |median| number(row.row.what, median.value));
            // The mark stands outside of the column, so that the numbers stay below each other.
            (format!("{value}{}", if best { '*' } else { ' ' }), style)
        });
        say(line(subject.name, style, cells));
    }
    print_verdicts(rows);
    let noted = |name: &str| subjects.iter().any(|subject| subject.name == name);
    for (_, note) in NOTES.iter().filter(|(name, _)| noted(name)) {
        say(note);
    }
    say("");
}

/// Under the columns: the last stage to the best peer, and to the stage before it.
fn print_verdicts(rows: &[Measured]) {
    let to_best =
        print_ratios(rows, |row| row.compared.as_ref(), |compared| format!("{} to the best, *", compared.ours));
    let to_before =
        print_ratios(rows, |row| row.step.as_ref(), |compared| format!("{} to {}", compared.ours, compared.other));
    if to_best || to_before {
        let rounds = rows.iter().map(|row| plain(&row.rounds.to_string()));
        say(format_args!("\n{}\n", line("rounds", Style::new(), rounds)));
    }
}

/// A ratio, its interval and its outcome, below each column that has it, and whether one has.
fn print_ratios(rows: &[Measured], of: fn(&Measured) -> Option<&Compared>, name: fn(&Compared) -> String) -> bool {
    let cells = |cell: &dyn Fn(&Compared) -> (String, Style)| -> Vec<(String, Style)> {
        rows.iter().map(|row| of(row).map_or_else(|| plain("·"), cell)).collect()
    };
    let mut names: Vec<String> = rows.iter().filter_map(of).map(name).collect();
    names.dedup();
    if names.is_empty() {
        return false;
    }
    let ratio = cells(&|compared| plain(&format!("{:.2}", compared.ratio.value)));
    let interval = cells(&|compared| {
        let Median { low, high, .. } = compared.ratio;
        plain(&compared.outcome.map_or("·".to_owned(), |_| format!("{low:.2}-{high:.2}")))
    });
    let outcome = cells(&|compared| {
        let (word, colour) = verdict(compared.outcome);
        (format!("{word} "), Style::new().bold().fg_color(Some(colour.into())))
    });
    say(format_args!("\n{}", line(&names.join(", "), Style::new(), ratio)));
    say(line("95 % interval of that", Style::new(), interval));
    say(line("", Style::new(), outcome));
    true
}

fn plain(text: &str) -> (String, Style) {
    (format!("{text} "), Style::new())
}

const NAME: usize = 28;
const COLUMN: usize = 14;

fn line(name: &str, style: Style, cells: impl IntoIterator<Item = (String, Style)>) -> String {
    let mut line = format!("{style}{name:<NAME$}{style:#}");
    for (cell, style) in cells {
        // A colour has no width.
        line += &format!("{style}{cell:>COLUMN$}{style:#}");
    }
    line.trim_end().to_owned()
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

/// The word for an outcome, or for too few rounds, and its colour.
pub fn verdict(outcome: Option<Outcome>) -> (&'static str, AnsiColor) {
    match outcome {
        Some(Outcome::Won) => ("won", AnsiColor::Green),
        Some(Outcome::Tied) => ("tied", AnsiColor::Yellow),
        Some(Outcome::Lost) => ("lost", AnsiColor::Red),
        None => ("few", AnsiColor::BrightBlack),
    }
}

/// Prints a row as one line.
pub fn print_json(row: &Measured) {
    say(json(row));
}

/// A row as an object. Where there are too few rounds, the ends of the intervals and the outcomes
/// are null.
pub fn json(row: &Measured) -> Value {
    let interval = |median: &Median| {
        let [low, high] = [median.low, median.high].map(|end| Some(end).filter(|_| row.has_intervals()));
        json!({ "median": median.value, "low": low, "high": high })
    };
    let subjects: Map<String, Value> =
        row.subjects.iter().map(|(name, median)| ((*name).to_owned(), median.as_ref().map(interval).into())).collect();
    let compared = |compared: &Compared| {
        json!({
            "ours": compared.ours,
            "other": compared.other,
            "ratio": interval(&compared.ratio),
            "outcome": compared.outcome.map(|outcome| verdict(Some(outcome)).0),
        })
    };
    let notes: Vec<&str> = NOTES.iter().filter(|(name, _)| row.median(name).is_some()).map(|(_, note)| *note).collect();
    json!({
        "table": row.table,
        "row": row.row.id,
        "about": row.row.about,
        "unit": unit(row.row.what),
        "rounds": row.rounds,
        "subjects": subjects,
        "best_peer": row.best_peer,
        "compared": row.compared.as_ref().map(compared),
        "step": row.step.as_ref().map(compared),
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
