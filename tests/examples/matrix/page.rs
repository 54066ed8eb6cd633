//! The matrix as a page of the notes, in both languages: the tables, who declares what, and each
//! failure explained.

use std::{
    collections::BTreeMap,
    fs, io,
    process::{Command, ExitCode},
};

use cargo_metadata::MetadataCommand;
use harness::{Check, Subject, executor, executor::Tested, waker};
use house::{findings::FINDINGS, notes};

use super::{Cell, Result};

/// Writes both pages, unless something fails that nobody has explained.
pub fn write(subjects: &[Subject<Tested>], executors: &[Result], wakers: &[Result]) -> ExitCode {
    let unexplained = executors.iter().chain(wakers).find(|result| !result.is_expected());
    if let Some(result) = unexplained {
        anstream::eprintln!("error: {} {}: {}", result.subject, result.check.id, result.outcome.observed());
        return ExitCode::FAILURE;
    }
    match pages(subjects, executors, wakers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pages(subjects: &[Subject<Tested>], executors: &[Result], wakers: &[Result]) -> io::Result<()> {
    let (date, versions) = (today()?, versions()?);
    let of = |words: &Words| {
        let mut page = format!("---\ndg-publish: true\ndate: {date}\nlesson: none\n---\n# {}\n\n", words.title);
        page += &format!("{}\n\n{} {versions}.\n\n", words.intro, words.versions);
        page += "```sh\njust matrix\njust matrix tokio --part b\n```\n\n";
        page += &format!("## Executors\n\n{}\n\n{}\n", words.executors, grid(&executor::CHECKS, subjects, executors));
        page += &format!("## Wakers\n\n{}\n\n{}\n", words.wakers, grid(&waker::CHECKS, subjects, wakers));
        page += &format!("## {}\n\n{}\n\n{}\n", words.declared, words.declares, policies(executors, words));
        page += &format!("## {}\n\n{}\n\n", words.broken, words.breaks);
        for finding in FINDINGS {
            let (who, checks) = (finding.of.join(", "), finding.checks.join(", "));
            let text = if words.spanish { finding.es } else { finding.en };
            page += &format!("**{checks}**, {who}. {text}\n\n✓ `{}`\n\n", finding.command());
        }
        page.trim_end().to_owned() + "\n"
    };
    let (spanish, english) = (of(&SPANISH), of(&ENGLISH));
    let english = notes::translated(&english, &spanish).unwrap_or(english);
    fs::write(house::root().join("notes/es/matriz.md"), spanish)?;
    fs::write(house::root().join("notes/en/matriz.md"), english)
}

struct Words {
    spanish: bool,
    title: &'static str,
    intro: &'static str,
    versions: &'static str,
    executors: &'static str,
    wakers: &'static str,
    declared: &'static str,
    declares: &'static str,
    head: &'static str,
    broken: &'static str,
    breaks: &'static str,
}

const SPANISH: Words = Words {
    spanish: true,
    title: "Matriz",
    intro: "Las comprobaciones del [contrato](contrato.md) que juzgan executors, hechas a cada etapa de la lección 5 y a los executors que usa la gente: las mismas para todos. Esta página la escribe `just matrix --notes`, y solo si cada fallo está explicado abajo; los de código ajeno, con una prueba que los enseña sin estas comprobaciones.",
    versions: "Versiones:",
    executors: "Un punto es que se cumple; **no**, que no; *no*, que no se cumple lo que solo debería; una p, que hace lo que declara donde hay más de una respuesta legítima; una raya, que no se le aplica.",
    wakers: "Lo mismo para los wakers que cada uno da a sus tareas. Lo que depende del orden de la memoria solo lo puede juzgar un modelo: B12 de las etapas, y esa mitad de B5, B7, B13, C1, C4 y C5, las prueba `just loom`.",
    declared: "Declarado",
    declares: "Donde hay más de una respuesta legítima, cada executor declara la suya; donde no declara ninguna, se le pide lo que se pide a todos. El número de C8 son los `poll` de ocho tareas ocupadas que otra espera como mucho; a quien no declara ninguno solo se le pide que nadie espere para siempre.",
    head: "| comprobación | declara | quién |",
    broken: "Fallos",
    breaks: "Cada fallo, con la prueba que lo enseña.",
};

const ENGLISH: Words = Words {
    spanish: false,
    title: "Matrix",
    intro: "The checks of the [contract](contrato.md) that judge executors, on each stage of lesson 5 and on the executors that people use: the same for all. This page is written by `just matrix --notes`, and only if each failure is explained below; those of code by others, with a test that shows them without these checks.",
    versions: "Versions:",
    executors: "A dot is that it holds; **no**, that it does not; *no*, that what only should hold does not; a p, that it does as it declares where there is more than one legitimate answer; a dash, that it does not apply.",
    wakers: "The same for the wakers that each one gives to its tasks. What depends on the order of memory can be judged by a model alone: B12 of the stages, and that half of B5, B7, B13, C1, C4 and C5, are tried by `just loom`.",
    declared: "Declared",
    declares: "Where there is more than one legitimate answer, each executor declares its own; where it declares none, it is asked what all are asked. The number of C8 is how many polls of eight busy tasks another one waits for at most; of who declares none it is only asked that nobody waits for ever.",
    head: "| check | declares | who |",
    broken: "Failures",
    breaks: "Each failure, with the test that shows it.",
};

fn grid(checks: &[Check<Tested>], subjects: &[Subject<Tested>], results: &[Result]) -> String {
    let ids: Vec<_> = checks.iter().map(|check| check.id).collect();
    let mut grid = format!("| | {} |\n|---|{}\n", ids.join(" | "), "---|".repeat(ids.len()));
    for subject in subjects {
        let of_it = results.iter().filter(|result| result.subject == subject.name);
        let cells: Vec<_> = of_it.map(|result| mark(result.cell)).collect();
        grid += &format!("| {} | {} |\n", subject.name, cells.join(" | "));
    }
    grid
}

fn mark(cell: Cell) -> &'static str {
    match cell {
        Cell::Pass => "·",
        Cell::Fail => "**no**",
        Cell::Warning => "*no*",
        Cell::Policy => "p",
        Cell::NotApplicable => "—",
    }
}

fn policies(results: &[Result], words: &Words) -> String {
    let mut declares: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
    for result in results {
        if let Some(word) = result.declared.clone() {
            let number = result.check.id[1..].parse().unwrap_or_default();
            declares.entry((number, word)).or_default().push(result.subject);
        }
    }
    let rows =
        declares.into_iter().map(|((number, word), who)| format!("| C{number} | {word} | {} |\n", who.join(", ")));
    format!("{}\n|---|---|---|\n{}", words.head, rows.collect::<String>())
}

fn today() -> io::Result<String> {
    let date = Command::new("date").arg("+%F").output()?;
    Ok(String::from_utf8_lossy(&date.stdout).trim().to_owned())
}

/// The versions of those that are judged.
fn versions() -> io::Result<String> {
    let metadata = MetadataCommand::new().current_dir(house::root()).exec().map_err(io::Error::other)?;
    let judged = ["tokio", "async-std", "smol", "async-executor", "futures", "pollster", "monoio"];
    let version = |name: &&str| metadata.packages.iter().find(|package| package.name == *name);
    let found = judged.iter().filter_map(|name| Some(format!("{name} {}", version(name)?.version)));
    Ok(found.collect::<Vec<_>>().join(", "))
}
