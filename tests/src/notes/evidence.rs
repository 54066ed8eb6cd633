//! The lines that show what a sentence claims: ▶ a command and what it prints, ✓ a test,
//! ≈ a measurement.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::{self, available_parallelism};

use regex::Regex;

use super::book::{Notes, Report};
use super::commands::{Action, of_package, recipes, resolve};
use super::fences;
use super::page::Language;
use crate::programs::{self, Outcome, Program};

// A sign at the beginning of a line, or before a code span.
static SIGN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\s>*-]*[▶✓≈]|[▶✓≈]\s*`").expect("a fixed expression"));
static RECIPE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:\$ )?just ([a-z][\w-]*)").expect("a fixed expression"));
static PACKAGE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:\$ )?cargo .*(?:-p|--package)[ =]([a-z][\w-]*)").expect("a fixed expression"));

/// How many claims one command may prove in each language.
const CLAIMS_A_COMMAND: usize = 3;

pub fn evidence(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        let ranges = page.fences.iter().map(|fence| fence.range.clone());
        for (index, text) in fences::blank(&page.body, ranges).lines().enumerate() {
            let line = index + 1;
            if SIGN.is_match(text) && !page.evidence.iter().any(|known| known.line == line) {
                let message = format!(
                    "evidence must be a paragraph of its own: ▶ `command` → `text it prints`, \
                     ✓ `cargo test …` or ≈ `command`, found: {text}"
                );
                report.add(&page.file, line, message);
            }
        }
    }
}

pub fn command(notes: &Notes, report: &mut Report) {
    let recipes = recipes(&notes.justfile);
    for page in &notes.pages {
        for evidence in &page.evidence {
            let fault = match (evidence.sign, resolve(notes, &evidence.command)) {
                ('▶', Ok(Action::Run(..)))
                | ('✓', Ok(Action::Test(..)))
                | ('≈', Ok(Action::Run(..) | Action::Bench)) => continue,
                (_, Err(fault)) => fault,
                ('▶', Ok(_)) => "▶ must name a program to run".to_owned(),
                ('✓', Ok(_)) => "✓ must name a test".to_owned(),
                (_, Ok(_)) => "≈ must name a program or a benchmark".to_owned(),
            };
            report.add(&page.file, evidence.line, format!("{fault}, found: {}", evidence.command));
        }
        // All other code may only name recipes and packages that exist.
        let fenced = page
            .fences
            .iter()
            .flat_map(|fence| fence.code.lines().enumerate().map(|(index, code)| (fence.line + index + 1, code)));
        let spans = page.spans.iter().map(|(line, code)| (*line, code.as_str()));
        for (line, code) in fenced.chain(spans) {
            if let Some(recipe) = RECIPE.captures(code)
                && !recipes.contains(&&recipe[1])
            {
                let message = format!("the justfile must have the recipe of: {code}");
                report.add(&page.file, line, message);
            }
            let evidence = page.evidence.iter().any(|evidence| evidence.line == line);
            if let Some(package) = PACKAGE.captures(code)
                && !evidence
                && let Err(fault) = of_package(notes, &package[1])
            {
                report.add(&page.file, line, format!("{fault}, found: {code}"));
            }
        }
    }
}

pub fn run(notes: &Notes, report: &mut Report) {
    let all = notes.pages.iter().flat_map(|page| page.evidence.iter().map(move |evidence| (page, evidence)));
    let promised: Vec<_> =
        all.filter_map(|(page, evidence)| Some((page, evidence, evidence.promise.as_ref()?))).collect();
    // Twins name the same commands, and each command runs once.
    let mut commands = BTreeMap::new();
    for (_, evidence, _) in &promised {
        // The rule `command` reports a command that does not resolve.
        if let Ok(Action::Run(program, arguments)) = resolve(notes, &evidence.command) {
            commands.insert(evidence.command.as_str(), (program, arguments));
        }
    }
    let outcomes = run_side_by_side(notes, commands);
    for (page, evidence, promise) in promised {
        if let Some(outcome) = outcomes.get(evidence.command.as_str()) {
            let fault = match outcome {
                Err(fault) => fault.clone(),
                Ok(outcome) if outcome.code != Some(0) => {
                    let code = outcome.code.map_or("a signal".to_owned(), |code| code.to_string());
                    format!("must exit with 0, found: {code}, {}", tail(&outcome.output))
                }
                Ok(outcome) if !outcome.output.contains(promise) => {
                    format!("must print `{promise}`, found: {}", tail(&outcome.output))
                }
                Ok(_) => continue,
            };
            report.add(&page.file, evidence.line, format!("`{}` {fault}", evidence.command));
        }
    }
}

/// Runs the commands, several at a time, because most of them wait.
fn run_side_by_side<'a>(
    notes: &Notes,
    commands: BTreeMap<&'a str, (&Program, Vec<String>)>,
) -> BTreeMap<&'a str, Result<Outcome, String>> {
    let (waiting, outcomes) = (Mutex::new(commands.into_iter()), Mutex::new(BTreeMap::new()));
    let work = || {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((name, (program, arguments))) = next else { return };
            let mut command = Command::new(&program.path);
            command.args(arguments).current_dir(&notes.root).env("NO_COLOR", "1");
            let outcome = programs::run(command, notes.deadline);
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(name, outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 * available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The end of an output, for a message.
fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.trim_end().lines().collect();
    let last = &lines[lines.len().saturating_sub(8)..];
    format!("(the last lines)\n    {}", last.join("\n    "))
}

pub fn test(notes: &Notes, report: &mut Report) {
    let mut known = BTreeMap::new();
    for page in &notes.pages {
        for evidence in page.evidence.iter().filter(|evidence| evidence.sign == '✓') {
            let Ok(Action::Test(executables, text)) = resolve(notes, &evidence.command) else {
                continue; // the rule `command` reports it
            };
            let mut faults = Vec::new();
            let exists = executables.iter().any(|executable| {
                let tests = known.entry(&executable.path).or_insert_with(|| default_tests(notes, &executable.path));
                match tests {
                    Ok(tests) => tests.iter().any(|test| test.contains(&text)),
                    Err(fault) => {
                        faults.push(format!(", and `{} --list` {fault}", executable.name));
                        false
                    }
                }
            });
            if !exists {
                let (command, faults) = (&evidence.command, faults.concat());
                let message = format!(
                    "`{command}` must name a test that is not ignored, and no such test's name contains `{text}`{faults}"
                );
                report.add(&page.file, evidence.line, message);
            }
        }
    }
}

/// The names of the tests that an executable runs by default.
fn default_tests(notes: &Notes, executable: &Path) -> Result<Vec<String>, String> {
    let listed = |arguments: &[&str]| -> Result<Vec<String>, String> {
        let mut command = Command::new(executable);
        command.args(arguments).current_dir(&notes.root);
        let listed = programs::run(command, notes.deadline)?.output;
        Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    };
    let (mut all, ignored) = (listed(&["--list"])?, listed(&["--list", "--ignored"])?);
    all.retain(|name| !ignored.contains(name));
    Ok(all)
}

pub fn repeat(notes: &Notes, report: &mut Report) {
    for language in [Language::Spanish, Language::English] {
        let mut uses = BTreeMap::new();
        for page in notes.of(language) {
            for evidence in &page.evidence {
                let count = uses.entry(&evidence.command).or_insert(0);
                *count += 1;
                if *count > CLAIMS_A_COMMAND {
                    let message = format!(
                        "one command may prove {CLAIMS_A_COMMAND} claims, this is number {count} \
                         of `{}`",
                        evidence.command
                    );
                    report.add(&page.file, evidence.line, message);
                }
            }
        }
    }
}
