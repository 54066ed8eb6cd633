//! The command line of both programs.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, error::ErrorKind};
use measure::say;

use super::{
    Target, plot,
    rows::{ROWS, Row},
    subjects::{Subject, Table, tables},
};

/// Put every stage of lessons 5 and 6 and every runtime under the same loads, each in a process of
/// its own. Print two tables: one thread, and pools with two workers.
///
/// The last stage of a table is compared with the best peer of each row, and with the stage before
/// it. The 95 % interval of the ratio decides: won, tied or lost, or few if there are fewer than
/// six rounds. Heap and system calls are counted first; then comes what is timed.
#[derive(Debug, Parser)]
#[command(
    name = "just bench fast-executor",
    bin_name = "just bench fast-executor",
    after_help = "Exit codes: 0 the tables are there, whatever they say; 1 a figure is missing; 2 wrong usage"
)]
pub struct Arguments {
    /// Only rows whose names contain one of these words
    #[arg(value_name = "ROW")]
    words: Vec<String>,
    /// Only subjects whose names contain this word; may be repeated
    #[arg(long, value_name = "NAME")]
    subject: Vec<String>,
    /// Measure this many rounds, even if the interval is too wide; fewer than 6 give no interval
    /// and no verdict
    #[arg(long, visible_alias = "pairs", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
    /// Print one JSON object for each row
    #[arg(long)]
    pub json: bool,
    /// Draw the ratios to the best peer into this file, as SVG
    #[arg(long, value_name = "FILE.svg")]
    pub plot: Option<PathBuf>,
    /// List the rows and the subjects
    #[arg(long)]
    pub list: bool,
    /// Cargo adds this flag.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Why nothing is measured.
#[derive(Debug)]
pub enum Usage {
    /// clap's help or error.
    Clap(clap::Error),
    /// The list of rows and subjects.
    List,
}

impl Arguments {
    /// Parses a command line, with the program's name in front.
    pub fn of(line: impl IntoIterator<Item = OsString>) -> Result<Arguments, Usage> {
        let arguments = Arguments::try_parse_from(line).map_err(Usage::Clap)?;
        let wrong = |message: String| Usage::Clap(Arguments::command().error(ErrorKind::ValueValidation, message));
        let tables = tables();
        for word in &arguments.words {
            if !ROWS.iter().any(|row| row.id.contains(word.as_str())) {
                return Err(wrong(format!("no row is called '{word}'; --list lists them")));
            }
        }
        for word in &arguments.subject {
            if !tables.iter().flat_map(|table| &table.subjects).any(|subject| subject.name.contains(word.as_str())) {
                return Err(wrong(format!("no subject is called '{word}'; --list lists them")));
            }
        }
        let chosen: Vec<_> = tables.iter().flat_map(|table| arguments.subjects(table)).collect();
        for word in &arguments.words {
            let mut rows = ROWS.iter().filter(|row| row.id.contains(word.as_str()));
            if !rows.any(|row| chosen.iter().any(|subject| subject.load(row.load).is_some())) {
                return Err(wrong(format!("no chosen subject has a row called '{word}'")));
            }
        }
        if let Some(file) = &arguments.plot {
            plot::check(file).map_err(|why| wrong(format!("{}: {why}", file.display())))?;
        }
        Ok(arguments)
    }

    /// The chosen rows of a table that a chosen subject can carry.
    pub fn rows(&self, target: Target, table: &Table) -> Vec<&'static Row> {
        let asked = |row: &Row| self.words.is_empty() || self.words.iter().any(|word| row.id.contains(word.as_str()));
        let carried = |row: &Row| self.subjects(table).iter().any(|subject| subject.load(row.load).is_some());
        ROWS.iter().filter(|row| row.target() == target && asked(row) && carried(row)).collect()
    }

    /// The chosen subjects of a table.
    pub fn subjects<'a>(&self, table: &'a Table) -> Vec<&'a Subject> {
        let asked = |subject: &&Subject| {
            self.subject.is_empty() || self.subject.iter().any(|word| subject.name.contains(word.as_str()))
        };
        table.subjects.iter().filter(asked).collect()
    }
}

impl Usage {
    /// Prints it. Both programs get every command line, and one message must not appear twice. The
    /// counting program runs first, so it prints an error; the timing one prints the help.
    pub fn tell(self, target: Target) -> ExitCode {
        match self {
            Usage::Clap(error) if error.use_stderr() => error.exit(),
            _ if target == Target::Counted => {}
            Usage::Clap(help) => drop(help.print()),
            Usage::List => list(),
        }
        ExitCode::SUCCESS
    }
}

fn list() {
    say("rows:");
    for row in ROWS {
        say(format_args!("  {:<14} {}", row.id, row.about));
    }
    for table in tables() {
        say(format_args!("\n{}:", table.name));
        for subject in &table.subjects {
            say(format_args!("  {}", subject.name));
        }
    }
}
