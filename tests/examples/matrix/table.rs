//! The matrix for a terminal: a row for each subject and a column for each check. Below it are the
//! declarations and the failures.

use std::{collections::BTreeMap, fmt::Write};

use anstyle::{AnsiColor, Style};
use harness::{Check, Subject, executor::Tested};

use super::{Cell, Result};

/// The width of a column.
const WIDTH: usize = 5;

/// The whole text, with colours. The caller removes them where they are not wanted.
pub fn text(checks: &[Check<Tested>], subjects: &[Subject<Tested>], results: &[Result]) -> String {
    let mut text = String::new();
    let names = subjects.iter().map(|subject| subject.name.len()).max().unwrap_or_default();
    let columns = terminal_size::terminal_size().map_or(usize::MAX, |(width, _)| usize::from(width.0));
    let at_once = (columns.saturating_sub(names) / WIDTH).clamp(1, checks.len());
    for checks in checks.chunks(at_once) {
        let head: String = checks.iter().map(|check| format!(" {:<4}", check.id)).collect();
        text += &format!("{:names$}{}\n", "", head.trim_end());
        for subject in subjects {
            let mut row = format!("{:names$}", subject.name);
            for check in checks {
                let of_it = |result: &&Result| result.subject == subject.name && result.check.id == check.id;
                row += &results.iter().find(of_it).map(|result| cell(result.cell)).unwrap_or_default();
            }
            text += row.trim_end();
            text.push('\n');
        }
        text.push('\n');
    }
    text += &policies(results);
    text += &broken(results);
    text
}

fn cell(cell: Cell) -> String {
    let (word, style) = match cell {
        Cell::Pass => ("pass", AnsiColor::Green.on_default()),
        Cell::Fail => ("FAIL", AnsiColor::Red.on_default().bold()),
        Cell::Warning => ("warn", AnsiColor::Yellow.on_default()),
        Cell::Policy => ("pol", AnsiColor::Cyan.on_default()),
        Cell::NotApplicable => ("-", Style::new().dimmed()),
    };
    format!(" {style}{word}{style:#}{:pad$}", "", pad = WIDTH - 1 - word.len())
}

/// Which executors declare what.
fn policies(results: &[Result]) -> String {
    let mut declares: BTreeMap<(usize, &str, String), Vec<&str>> = BTreeMap::new();
    for result in results {
        if let Some(word) = &result.declared {
            let number = result.check.id[1..].parse().unwrap_or_default();
            declares.entry((number, result.check.id, word.clone())).or_default().push(result.subject);
        }
    }
    let mut text = String::new();
    for ((_, id, word), who) in declares {
        let _ = writeln!(text, "{id:<4} {word:<11} {}", who.join(", "));
    }
    text
}

/// The failures, each with the test that shows it without the checks.
fn broken(results: &[Result]) -> String {
    let mut text = String::new();
    for result in results.iter().filter(|result| result.cell.is_broken() || !result.is_expected()) {
        let observed = result.outcome.observed();
        let _ = write!(
            text,
            "\n{} {}: {}\n  must:     {}\n  observed: ",
            result.subject,
            result.check.id,
            result.cell.word(),
            result.check.must
        );
        let _ = writeln!(text, "{}", observed.lines().next().unwrap_or_default());
        let _ = match result.finding() {
            Some(finding) => writeln!(text, "  shown by: {}", finding.command()),
            None => writeln!(text, "  NOT EXPLAINED: {}", result.check.source),
        };
    }
    text
}
