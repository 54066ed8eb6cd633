//! The bench: the executors of lessons 5 and 6 against those that people use. `timed.rs` and
//! `counted.rs` share all of it but the allocator.

pub mod calls;
pub mod command;
#[path = "../../../05-executor/tests/common/stages.rs"]
pub mod ladder;
pub mod loads;
pub mod meters;
pub mod plot;
pub mod process;
pub mod rounds;
pub mod rows;
#[path = "../../tests/common/stages.rs"]
pub mod stages;
pub mod subjects;
pub mod table;

use std::{env, process::ExitCode};

use indicatif::{ProgressBar, ProgressStyle};

use command::{Arguments, Usage};
use rounds::Measured;
use subjects::Table;

/// One of the two programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// The program with the clock.
    Timed,
    /// The program with the counting allocator.
    Counted,
}

/// The `main` of both programs. The exit code is 0 if the tables were printed, whatever they say; 1
/// if a figure is missing; 2 for wrong usage.
pub fn main(target: Target) -> ExitCode {
    let mut arguments = env::args().skip(1);
    if let (Some(process::RUN), Some(run)) = (arguments.next().as_deref(), arguments.next()) {
        return meters::carry(&run);
    }
    let arguments = match Arguments::of(env::args_os()) {
        Ok(arguments) => arguments,
        Err(usage) => return usage.tell(target),
    };
    let tables = subjects::tables();
    if arguments.list {
        return Usage::List.tell(target);
    }
    match measure(target, &arguments, &tables) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(target: Target, arguments: &Arguments, tables: &[Table]) -> Result<(), String> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:24} {pos} of {len} rows, {msg}").expect("it is a template"));
    let chosen: Vec<_> = tables.iter().map(|table| (table, arguments.rows(target, table))).collect();
    bar.set_length(chosen.iter().map(|(_, rows)| rows.len() as u64).sum());
    let mut all: Vec<Measured> = Vec::new();
    let mut missing = Vec::new();
    for (table, rows) in chosen {
        let subjects = arguments.subjects(table);
        let mut measured = Vec::new();
        for row in rows {
            let result = rounds::measure(table.name, row, &subjects, arguments.rounds, |subject, round| {
                bar.set_message(format!("{} {}, round {round}: {}", table.name, row.id, subject.name));
                process::figure(table.name, row, subject.name)
            });
            bar.inc(1);
            match result {
                Ok(row) => {
                    if arguments.json {
                        bar.suspend(|| table::print_json(&row));
                    }
                    measured.push(row);
                }
                Err(why) => missing.push(why),
            }
        }
        if !arguments.json && !measured.is_empty() {
            bar.suspend(|| table::print(target, &subjects, &measured));
        }
        all.append(&mut measured);
    }
    bar.finish_and_clear();
    if let Some(file) = arguments.plot.as_deref().filter(|_| target == Target::Timed && !all.is_empty()) {
        plot::write(file, &all).map_err(|why| format!("{}: {why}", file.display()))?;
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\nerror: ")) }
}
