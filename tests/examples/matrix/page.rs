//! The matrix as a page of the notes, in both languages: the tables, the declarations, and an
//! explanation of each failure.

use std::{
    collections::BTreeMap,
    fs, io,
    process::{Command, ExitCode},
};

use cargo_metadata::MetadataCommand;
use harness::{Check, Subject, executor, executor::Tested, waker};
use house::{findings::FINDINGS, notes};

use super::{Cell, Result};

/// Writes both pages, unless a failure has no explanation.
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
        page += &format!("{}\n\n{}\n\n{} {versions}.\n\n", words.legend, words.intro, words.versions);
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
    legend: &'static str,
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
    legend: "La [leyenda](leyenda.md) explica las marcas y N1…N16.",
    intro: "Las mismas comprobaciones del [contrato](contrato.md) juzgan cada etapa de las lecciones 5 y 6 y los executors que usa la gente. `just matrix --notes` escribe esta página, y solo si cada fallo está explicado abajo. Cada fallo de código ajeno tiene además una prueba que lo muestra sin estas comprobaciones.",
    versions: "Versiones:",
    executors: "Un punto: la comprobación se cumple. **no**: no se cumple. *no*: no se cumple, pero es solo un *should*. Una p: hay más de una respuesta legítima, y el executor hace lo que declara. Una raya: la comprobación no se le aplica.",
    wakers: "Lo mismo para los wakers que cada executor da a sus tareas. Solo un modelo puede juzgar lo que depende del orden de la memoria: `just loom` prueba B12 en las etapas, y la mitad correspondiente de B5, B7, B13, C1, C4 y C5.",
    declared: "Declarado",
    declares: "Donde hay más de una respuesta legítima, cada executor declara la suya. Si no declara ninguna, se le pide lo que se pide a todos. El número de C8 dice cuántos `poll` de ocho tareas ocupadas espera otra tarea como máximo. Si un executor no declara ese número, solo se le pide que ninguna tarea espere para siempre.",
    head: "| comprobación | declara | quién |",
    broken: "Fallos",
    breaks: "Cada fallo, con la prueba que lo muestra.",
};

const ENGLISH: Words = Words {
    spanish: false,
    title: "Matrix",
    legend: "The [legend](leyenda.md) explains the marks and N1…N16.",
    intro: "The same checks of the [contract](contrato.md) judge each stage of lessons 5 and 6 and the executors that people use. `just matrix --notes` writes this page, and only if each failure is explained below. Each failure in code that others wrote also has a test that shows it without these checks.",
    versions: "Versions:",
    executors: "A dot: the check passes. **no**: it fails. *no*: it fails, but it is only a *should*. A p: there is more than one legitimate answer, and the executor does what it declares. A dash: the check is not applicable.",
    wakers: "The same for the wakers that each executor gives to its tasks. Only a model can judge what depends on memory ordering: `just loom` tests B12 on the stages, and that half of B5, B7, B13, C1, C4 and C5.",
    declared: "Declared",
    declares: "Where there is more than one legitimate answer, each executor declares its own. If it declares none, it is held to what all are held to. The number of C8 says how many polls of eight busy tasks another task waits for at most. If an executor declares no number, a task must only not wait forever.",
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

/// The versions of the judged packages.
fn versions() -> io::Result<String> {
    let metadata = MetadataCommand::new().current_dir(house::root()).exec().map_err(io::Error::other)?;
    let judged = ["tokio", "async-std", "smol", "async-executor", "futures", "pollster", "monoio"];
    let version = |name: &&str| metadata.packages.iter().find(|package| package.name == *name);
    let found = judged.iter().filter_map(|name| Some(format!("{name} {}", version(name)?.version)));
    Ok(found.collect::<Vec<_>>().join(", "))
}
