//! The grammar of the commands that the notes name, and what each of them starts.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use clap::{Parser, Subcommand};
use regex::Regex;

use super::book::Notes;
use crate::arrows;
use crate::programs::{Kind, Program};

static RECIPE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^@?([A-Za-z_][\w-]*)(?:[ \t][^:\n]*)?:(?:[^=]|$)").expect("a fixed expression"));

/// A parsed command.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_help_subcommand = true)]
pub enum Command {
    /// A recipe of the justfile.
    #[command(subcommand, disable_help_flag = true, disable_help_subcommand = true)]
    Just(Just),
    /// The same with plain cargo.
    #[command(subcommand, disable_help_flag = true, disable_help_subcommand = true)]
    Cargo(Cargo),
}

/// A recipe.
#[derive(Debug, Subcommand)]
pub enum Just {
    /// Starts a lesson's program.
    Run {
        lesson: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Checks a chat server.
    CheckChat {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Tests a package.
    Test { package: String },
    /// Measures a lesson, in all rows or in those whose names contain one of these words.
    Bench {
        lesson: String,
        rows: Vec<String>,
        #[arg(long = "subject")]
        subjects: Vec<String>,
    },
    /// Measures every server under the same loads.
    LoadTable {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        _arguments: Vec<String>,
    },
}

/// The cargo commands that the notes use.
#[derive(Debug, Subcommand)]
pub enum Cargo {
    /// Starts a program.
    Run {
        #[arg(short, long)]
        package: String,
        #[arg(long)]
        bin: Option<String>,
        #[arg(trailing_var_arg = true)]
        arguments: Vec<String>,
    },
    /// Runs the tests whose names contain a text.
    Test {
        #[arg(short, long)]
        package: String,
        #[arg(long = "test")]
        target: Option<String>,
        name: Option<String>,
    },
    /// Measures a package.
    Bench {
        #[arg(short, long)]
        package: String,
    },
}

/// The program or the tests that a command starts.
#[derive(Debug)]
pub enum Action<'a> {
    /// A program with its arguments.
    Run(&'a Program, Vec<String>),
    /// Test executables, and the text that a test's name must contain.
    Test(Vec<&'a Program>, String),
    /// A benchmark, which the notes never start.
    Bench,
}

/// Resolves a command of the notes; the error says why it starts nothing.
pub fn resolve<'a>(notes: &Notes<'a>, text: &str) -> Result<Action<'a>, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let shell = text.contains(['"', '\'', '\\', '|', ';', '&', '<', '>', '$', '*']);
    if shell || (words[..].starts_with(&["just"]) && words.contains(&"--")) {
        return Err("unknown command: one command of words, without a shell's marks".to_owned());
    }
    let command = Command::try_parse_from(words).map_err(|error| {
        let error = error.to_string();
        format!("unknown command: {}", error.lines().next().unwrap_or_default())
    })?;
    match command {
        Command::Just(Just::Run { lesson, arguments }) => {
            lesson_exists(&lesson)?;
            Ok(Action::Run(program(notes, Some(&lesson), &lesson)?, arguments))
        }
        Command::Just(Just::CheckChat { arguments }) => Ok(Action::Run(program(notes, None, "check-chat")?, arguments)),
        Command::Just(Just::Bench { lesson, rows, subjects }) => {
            lesson_exists(&lesson)?;
            of_package(notes, &lesson)?;
            measured(notes, &lesson, rows.iter().chain(&subjects))?;
            Ok(Action::Bench)
        }
        Command::Just(Just::LoadTable { .. }) => program(notes, None, "load-table").map(|_| Action::Bench),
        Command::Just(Just::Test { package }) => Ok(Action::Test(tests(notes, &package, None)?, String::new())),
        Command::Cargo(Cargo::Run { package, bin, arguments }) => {
            let name = bin.as_deref().unwrap_or(&package);
            Ok(Action::Run(program(notes, Some(&package), name)?, arguments))
        }
        Command::Cargo(Cargo::Test { package, target, name }) => {
            let tests = tests(notes, &package, target.as_deref())?;
            Ok(Action::Test(tests, name.unwrap_or_default()))
        }
        Command::Cargo(Cargo::Bench { package }) => of_package(notes, &package).map(|_| Action::Bench),
    }
}

fn lesson_exists(lesson: &str) -> Result<(), String> {
    match arrows::is_lesson(lesson) {
        true => Ok(()),
        false => Err(format!("there is no lesson `{lesson}`")),
    }
}

/// Checks that a benchmark knows these rows and subjects: a text in its sources contains each word.
fn measured<'a>(notes: &Notes, lesson: &str, words: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let crates = fs::read_dir(notes.root.join("crates")).into_iter().flatten().flatten().map(|entry| entry.path());
    let of_lesson = crates.filter(|path| path.to_string_lossy().ends_with(&format!("-{lesson}")));
    let mut sources = String::new();
    of_lesson.for_each(|path| read_rust(&path.join("benches"), &mut sources));
    let texts: Vec<&str> = sources.split('"').collect();
    for word in words {
        if !texts.iter().any(|text| !text.contains(char::is_whitespace) && text.contains(word.as_str())) {
            return Err(format!("the benchmark of `{lesson}` has no row and no subject `{word}`"));
        }
    }
    Ok(())
}

/// Appends the Rust files of a folder and its subfolders.
fn read_rust(folder: &Path, text: &mut String) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            read_rust(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// Everything that a package builds.
pub fn of_package<'a>(notes: &Notes<'a>, package: &str) -> Result<Vec<&'a Program>, String> {
    let built: Vec<&Program> = notes.programs.iter().filter(|p| p.package == package).collect();
    match built.is_empty() {
        true => Err(format!("there is no package `{package}`")),
        false => Ok(built),
    }
}

/// A program by its name, of one package or of any.
fn program<'a>(notes: &Notes<'a>, package: Option<&str>, name: &str) -> Result<&'a Program, String> {
    let mut built = match package {
        Some(package) => of_package(notes, package)?,
        None => notes.programs.iter().collect(),
    };
    built.retain(|program| program.kind == Kind::Bin && program.name == name);
    let package = package.map(|package| format!(" in package `{package}`")).unwrap_or_default();
    built
        .first()
        .copied()
        .ok_or_else(|| format!("there is no program `{name}`{package} (only a package with a tests/ has programs)"))
}

/// The test executables of a package, or of one target.
fn tests<'a>(notes: &Notes<'a>, package: &str, target: Option<&str>) -> Result<Vec<&'a Program>, String> {
    let mut built = of_package(notes, package)?;
    built.retain(|program| match target {
        Some(target) => program.kind == Kind::IntegrationTest && program.name == target,
        None => program.kind != Kind::Bin,
    });
    match (built.is_empty(), target) {
        (false, _) => Ok(built),
        (true, Some(target)) => Err(format!("package `{package}` has no test target `{target}`")),
        (true, None) => Err(format!("package `{package}` has no tests")),
    }
}

/// The names of a justfile's recipes.
pub fn recipes(justfile: &str) -> Vec<&str> {
    RECIPE.captures_iter(justfile).map(|recipe| recipe.extract::<1>().1[0]).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn recipes_are_told_from_everything_else_in_a_justfile() {
        let justfile = "set shell := ['sh']\nport := '80'\nalias t := test\n# no: comment\n\
                        default:\n    @just --list\n\nrun lesson *args:\n    cargo run: x\n\
                        @check-chat addr=\"a\": test\n";
        assert_eq!(super::recipes(justfile), ["default", "run", "check-chat"]);
    }
}
