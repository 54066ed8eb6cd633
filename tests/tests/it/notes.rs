//! The notes of this checkout against every rule, and every rule against a bad note. Each bad note
//! differs in one change from two good pages, and breaks that rule and no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use house::notes::{Notes, RULES, translated};
use house::programs::{self, Kind, Program};
use house::{Problem, root};
use tempfile::TempDir;

const ES: &str = "notes/es/01-threads.md";
const EN: &str = "notes/en/01-threads.md";
const LEGEND_ES: &str = "notes/es/leyenda.md";
const LEGEND_EN: &str = "notes/en/leyenda.md";

/// How long a command of the notes may take.
const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn the_notes_hold_every_rule() {
    let programs = programs::all().unwrap_or_else(|error| panic!("{error}"));
    let notes = Notes::read(root(), programs, DEADLINE).expect("the notes are readable");
    Problem::expect_none(&notes.check());
}

const SPANISH: &str = r#"---
dg-publish: true
date: 2026-01-31
lesson: threads
---
# Hilos

Las marcas, en la [leyenda](leyenda.md).

Un texto con un enlace a [aquí](#bucle), a [fuera](https://doc.rust-lang.org/std/) y a [la otra lengua](../en/01-threads.md).

## Bucle

> [!note]
> **N8** Un hilo por conexión, como en `accept()`. **Veredicto:** verdadero.

▶ `just run threads hola` → `hola`

✓ `cargo test -p threads the_notes_hold`

≈ `just run threads medir`

![Un bucle](../loop.svg)

## Tabla

Una frase corta.

<!-- src: crates/01-threads/src/table.rs#table -->
```rust
let table = Arc::new( Mutex::new(names));
for group in groups {
    table.lock();
}
```

```sh
just run threads hola # comentario
cargo run -p threads
```

<details><summary>¿Uno?</summary>Sí, con <code>loop</code>.</details>

<details><summary>¿Dos, con <code>if</code>?</summary>No.</details>

<details><summary>¿Tres?</summary>Sí.</details>
"#;

const TRANSLATION: &[(&str, &str)] = &[
    ("# Hilos", "# Threads"),
    ("Las marcas, en la [leyenda]", "The marks are in the [legend]"),
    ("Un texto con un enlace a [aquí](#bucle), a [fuera]", "A text with a link to [here](#loop), [out]"),
    (" y a [la otra lengua](../en/", " and [the other language](../es/"),
    ("## Bucle", "## Loop"),
    ("Un hilo por conexión, como en", "A thread a connection, as in"),
    ("**Veredicto:** verdadero", "**Verdict:** true"),
    ("Un bucle", "A loop"),
    ("## Tabla", "## Table"),
    ("Una frase corta", "A short sentence"),
    ("¿Uno?", "One?"),
];

/// The legend, up to its list of claims. It is its own translation.
const LEGEND: &str = "---
dg-publish: true
date: 2026-01-31
lesson: none
---
# Leyenda

| | N |
|---|---|
";

/// The legend in one language, given the section of N8.
fn legend(section: &str) -> String {
    let row = |number| match number {
        8 => format!("| N8 | [x](01-threads.md#{section}) |\n"),
        _ => format!("| N{number} | x |\n"),
    };
    LEGEND.to_owned() + &(1..=16).map(row).collect::<String>()
}

const SOURCE: &str = "
    fn f() {
        // ANCHOR: table
        let table = Arc::new(Mutex::new(names));
        // ANCHOR: inner
        for group in groups {
            table.lock();
        }
        // ANCHOR_END: inner
        // ANCHOR_END: table
    }
";

/// The files of a small good checkout.
fn good() -> Vec<(&'static str, String)> {
    let english = TRANSLATION.iter().fold(SPANISH.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the translation knows the text: {from}");
        text.replace(from, to)
    });
    vec![
        (ES, SPANISH.to_owned()),
        (EN, english),
        (LEGEND_ES, legend("bucle")),
        (LEGEND_EN, legend("loop")),
        ("notes/loop.svg", "<svg/>".to_owned()),
        ("crates/01-threads/src/table.rs", SOURCE.to_owned()),
        ("justfile", "run lesson *args:\n    cargo run -p {{lesson}} {{args}}\n".to_owned()),
    ]
}

/// The programs of the made-up commands: `echo` for the lesson, and this program for its tests.
fn programs() -> Vec<Program> {
    let program = |package: &str, name: &str, kind, path: PathBuf| Program {
        package: package.to_owned(),
        name: name.to_owned(),
        kind,
        path,
    };
    let this = env::current_exe().expect("a running program has a file");
    vec![
        program("threads", "threads", Kind::Bin, "echo".into()),
        program("threads", "contract", Kind::IntegrationTest, this),
        program("chat-tools", "fails", Kind::Bin, "false".into()),
    ]
}

/// Writes a checkout. The translation is recorded as up to date unless `stale`.
fn write(files: &[(&str, String)], stale: bool) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    for (spanish, english) in [(ES, EN), (LEGEND_ES, LEGEND_EN)] {
        let source = if stale && english == EN { "old".to_owned() } else { read(spanish) };
        if let Some(fresh) = translated(&read(english), &source) {
            fs::write(folder.path().join(english), fresh).expect("writable");
        }
    }
    folder
}

fn check(root: &Path, deadline: Duration) -> Vec<Problem> {
    Notes::read(root, &programs(), deadline).expect("readable").check()
}

#[test]
fn good_notes_hold_every_rule() {
    Problem::expect_none(&check(write(&good(), false).path(), DEADLINE));
}

/// Replaces a text in both pages, only in the English one, or in both legends.
const BOTH: &[&str] = &[ES, EN];
const ENGLISH: &[&str] = &[EN];
const LEGENDS: &[&str] = &[LEGEND_ES, LEGEND_EN];

/// One bad note: the rule, the pages, the text to replace, its replacement, a part of the message.
type Bad = (&'static str, &'static [&'static str], &'static str, &'static str, &'static str);

#[rustfmt::skip] // one row a line reads as the table it is
const BAD: &[Bad] = &[
    ("frontmatter", BOTH, "dg-publish: true", "dg-publish: false", "`dg-publish` must be true, found: false"),
    ("frontmatter", BOTH, "date: 2026-01-31", "date: 31.1.2026", "`date` must be a date such as 2026-01-31, found: 31.1.2026"),
    ("frontmatter", BOTH, "date: 2026-01-31", "date: 2026-13-31", "`date` must be a date"),
    ("callout", BOTH, "> [!note]", "> [!info]\n>", "a callout's marker must stand alone on its line"),
    ("callout", BOTH, "> [!note]", "> [!note]-\n>", "found: > [!note]-"),
    ("callout", BOTH, "> [!note]", "> [!note] Title\n>", "found: > [!note] Title"),
    ("syntax", BOTH, "# H", "# [[wiki]] H", "found: [["),
    ("syntax", BOTH, "## T", "## ==mark== T", "found: ==mark=="),
    ("syntax", BOTH, "## T", "## %%comment%% T", "found: %%"),
    ("html", BOTH, "## T", "<br>\n\n## T", "no HTML but comments"),
    ("html", BOTH, "## T", "## Vec<u8> T", "found: <u8>"),
    ("html", BOTH, "## T", "<details><summary>x</summary>\n\ny\n\n</details>\n\n## T", "no HTML but comments and folded answers"),
    ("html", BOTH, "## T", "<details><summary>x</summary>y <b>z</b></details>\n\n## T", "in which only `<code>` is markup"),
    ("html", BOTH, "## T", "<details><summary>x</summary>y `z`</details>\n\n## T", "found: <details><summary>x</summary>y `z`"),
    ("paragraph", ENGLISH, "A short sentence", "A short\nsentence", "a paragraph must stand on one line"),
    ("paragraph", BOTH, "accept()`. ", "accept()`.\n> ", "a paragraph must stand on one line"),
    ("fence", BOTH, "```sh", "```", "a fence must carry its language"),
    ("fence", BOTH, "```sh", "```rust,ignore", "found: `rust,ignore`"),
    ("fence", BOTH, "## T", "    let x = 1;\n\n## T", "found: indented code"),
    ("hidden", BOTH, "## T", "```rust\n# use std::fmt;\n```\n\n## T", "found: # use std::fmt;"),
    ("tag", BOTH, "# comentario", "#comentario", "found: #comentario"),
    ("tag", BOTH, "`accept()`", "`accept #now`", "found: #now"),
    ("equals", BOTH, "`accept()`", "`= accept`", "no code span begins with `=`"),
    ("link", BOTH, "01-threads.md)", "02-threads.md)", "must lead to a file"),
    ("link", BOTH, "01-threads.md)", "01-threads)", "must carry the file's extension"),
    ("link", BOTH, "https://doc.rust-lang.org/std/", "../../../std.md", "must not leave the repository"),
    ("link", BOTH, "https://doc", "http://doc", "must be relative or begin with https://"),
    ("link", BOTH, "01-threads.md)", "01-threads.md#No)", "one word in lower case without accents"),
    ("link", BOTH, "01-threads.md)", "01-threads.md#no)", "must have a heading whose whole text is `no`"),
    ("image", BOTH, "loop.svg", "bucle.svg", "an image must be in the repository: ../bucle.svg"),
    ("image", BOTH, "Un bucle", "", "an image must have alternative text"),
    ("image", ENGLISH, "A loop", "", "an image must have alternative text"),
    ("garden", BOTH, "`accept()`", "(`std::net`)", "a space must stand after the parenthesis of `(<code>std::net</code>)`"),
    ("garden", BOTH, "cargo run -p threads\n", "cargo run -p threads\nf(a::b)\n", "after the parenthesis of `(a::b)`, of which Digital Garden publishes only `b`"),
    ("excerpt", BOTH, "for group in groups", "for name in groups", "expected: `for group in groups {`"),
    ("excerpt", BOTH, "#table -->", "#chair -->", "must hold `ANCHOR: chair`"),
    ("excerpt", BOTH, "/table.rs#table -->", "/chair.rs#table -->", "No such file"),
    ("excerpt", BOTH, "#table -->", "#table -->\n", "a fence must stand directly under"),
    ("evidence", BOTH, "## T", "▶ `just run threads x`\n\n## T", "evidence must be a paragraph of its own"),
    ("evidence", BOTH, "## T", "## T ✓ `x`", "evidence must be a paragraph of its own"),
    ("command", BOTH, "just run threads medir", "just fly threads", "unknown command"),
    ("command", BOTH, "just run threads medir", "just run threads | cat", "without a shell's marks"),
    ("command", BOTH, "just run threads medir", "just run threads -- x", "unknown command"),
    ("command", BOTH, "just run threads medir", "just bench threads nada", "has no row and no subject `nada`"),
    ("command", BOTH, "just run threads medir", "just run fibers", "there is no lesson `fibers`"),
    ("command", BOTH, "just run threads medir", "just run waker", "there is no package `waker`"),
    ("command", BOTH, "just run threads medir", "cargo run -p threads --bin x", "there is no program `x`"),
    ("command", BOTH, "cargo test -p threads the_notes_hold", "cargo test -p threads --test x", "has no test target `x`"),
    ("command", BOTH, "cargo test -p threads the_notes_hold", "cargo run -p threads", "✓ must name a test"),
    ("command", BOTH, "`accept()`", "`just fly`", "the justfile must have the recipe of: just fly"),
    ("command", BOTH, "cargo run -p threads\n", "cargo run -p fibers\n", "there is no package `fibers`"),
    ("run", BOTH, "→ `hola`", "→ `adiós`", "must print `adiós`, found: (the last lines)\n    hola"),
    ("run", BOTH, "just run threads hola`", "cargo run -p chat-tools --bin fails`", "must exit with 0, found: 1"),
    ("test", BOTH, "the_notes_hold", "no_such_thing", "no such test's name contains `no_such_thing`"),
    ("test", BOTH, "the_notes_hold", "a_solution_passes_every_check", "must name a test that is not ignored"),
    ("repeat", BOTH, "## T", "≈ `just run threads medir`\n\n≈ `just run threads medir`\n\n≈ `just run threads medir`\n\n## T", "this is number 4"),
    ("lesson", ENGLISH, "lesson: threads", "lesson: future", "lesson 1 must be the same as in Spanish"),
    ("headings", ENGLISH, "## Table", "### Table", "heading 3 must be the same as in Spanish"),
    ("headings", ENGLISH, "## Table\n", "", "found: nothing"),
    ("code", ENGLISH, "# comentario", "# comment", "block of code 2 must be the same as in Spanish"),
    ("code", ENGLISH, "→ `hola`", "→ `ola`", "evidence 1 must be the same as in Spanish"),
    ("links", ENGLISH, "/std/", "/core/", "link 3 must be the same as in Spanish"),
    ("links", ENGLISH, "(#loop)", "(#table)", "link 2 must be the same as in Spanish"),
    ("links", ENGLISH, "../es/", "../en/", "link 4 must be the same as in Spanish"),
    ("answers", ENGLISH, "<details><summary>¿Tres?</summary>Sí.</details>\n", "", "question 3 must be the same as in Spanish"),
    ("answers", BOTH, "<details><summary>¿Tres?</summary>Sí.</details>\n", "", "three questions with folded answers, or none, found: 2"),
    ("claim", BOTH, "**N8**", "N8", "**N8** must stand in a paragraph"),
    ("claim", BOTH, "## T", "**N8** **Veredicto:** **Verdict:** x\n\n≈ `just run threads`\n\n## T", "must stand in one paragraph only"),
    ("claim", BOTH, "## T", "**N9** **Veredicto:** **Verdict:** x\n\n≈ `just run threads`\n\n## T", "must wait until there is a page of the lesson async-chat"),
    ("claim", BOTH, "## T", "**N17** **Veredicto:** **Verdict:** x\n\n≈ `just run threads`\n\n## T", "a claim must be one of N1 to N16"),
    ("verdict", BOTH, "**Veredicto:** verdadero.", "", "must hold `**Veredicto:**` and the verdict"),
    ("verdict", ENGLISH, "**Verdict:** true.", "**Verdict:**", "must hold `**Verdict:**` and the verdict"),
    ("proof", BOTH, "▶ `just", "### Prueba\n\n▶ `just", "evidence (▶, ✓ or ≈) must stand under **N8**"),
    ("legend", BOTH, "](leyenda.md)", "]", "must link to `leyenda.md` above its first section"),
    ("legend", LEGENDS, "| N3 |", "| n3 |", "must have one line that begins with `| N3 |`, found: 0"),
    ("legend", LEGENDS, "| N3 |", "| N2 |", "must have one line that begins with `| N2 |`, found: 2"),
    ("legend", LEGENDS, "(01-threads.md#", "(01-threads.md) (", "the line of N8 must link to the section"),
];

/// Bad notes that lack a file: the rule, the files to leave out, a part of the message.
const MISSING: &[(&str, &[&str], &str)] = &[
    ("pages", &[ES, EN, LEGEND_ES, LEGEND_EN], "must hold pages, found: none"),
    ("legend", &[LEGEND_ES, LEGEND_EN], "must hold the page `leyenda.md`"),
    ("pages", &[ES], "must have a twin of the same name in notes/es"),
    ("command", &["justfile"], "the justfile must have the recipe of"),
];

fn expect(name: &str, problems: &[Problem], rule: &str, message: &str) {
    let found = problems.iter().any(|p| p.rule == rule && p.message.contains(message));
    assert!(found, "{name}: expected [{rule}] … {message} …, found: {problems:#?}");
}

#[test]
fn every_rule_fails_on_a_bad_note() {
    for (rule, pages, from, to, message) in BAD {
        let (mut files, mut replaced) = (good(), 0);
        for (_, text) in files.iter_mut().filter(|(name, _)| pages.contains(name)) {
            replaced += text.matches(from).count();
            *text = text.replacen(from, to, 1);
        }
        assert!(replaced > 0, "[{rule}]: no page holds the text to replace: {from}");
        let problems = check(write(&files, false).path(), DEADLINE);
        let name = format!("{from} -> {to}");
        expect(&name, &problems, rule, message);
        // Without a lesson, the claims of a page are not due yet. A claim in the wrong place is not
        // where the legend says.
        let allowed =
            |other: &str| other == *rule || [("lesson", "claim"), ("claim", "legend")].contains(&(*rule, other));
        assert!(problems.iter().all(|problem| allowed(problem.rule)), "{name}: only [{rule}]: {problems:#?}");
    }
    for (rule, missing, message) in MISSING {
        let files: Vec<_> = good().into_iter().filter(|(name, _)| !missing.contains(name)).collect();
        expect(&format!("without {missing:?}"), &check(write(&files, false).path(), DEADLINE), rule, message);
    }
    expect("an old translation", &check(write(&good(), true).path(), DEADLINE), "hash", "--translated 01-threads.md");
    let tried =
        |name: &str| name == "hash" || BAD.iter().any(|bad| bad.0 == name) || MISSING.iter().any(|m| m.0 == name);
    for (name, _) in RULES {
        assert!(tried(name), "the rule `{name}` must fail on a bad note of the table above");
    }
}

#[test]
fn notes_sync_rewrites_excerpts_and_records_translations() {
    let mut files = good();
    for (_, text) in &mut files {
        *text = text.replace("    table.lock();\n}\n```", "    old\n```");
    }
    let folder = write(&files, true);
    let sync = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notes-sync"));
        command.arg("--root").arg(folder.path()).args(arguments);
        let outcome = programs::run(command, DEADLINE).expect("notes-sync ends");
        (outcome.code, outcome.output)
    };
    let rules = || BTreeSet::from_iter(check(folder.path(), DEADLINE).into_iter().map(|problem| problem.rule));
    let (stale, rewritten) = (
        "notes/es/01-threads.md:30: stale\nnotes/en/01-threads.md:31: stale\n",
        "notes/en/01-threads.md:31: rewritten",
    );
    assert_eq!(sync(&["--check"]), (Some(1), stale.to_owned()));
    assert_eq!(rules(), BTreeSet::from(["excerpt", "hash"]), "--check writes nothing");
    let (code, output) = sync(&[]);
    assert!(code == Some(0) && output.contains(rewritten), "{code:?}: {output}");
    assert_eq!(rules(), BTreeSet::from(["hash"]), "only `--translated` records a translation");
    assert_eq!(sync(&["--translated", "01-threads.md"]).0, Some(0));
    assert_eq!(rules(), BTreeSet::new());
    assert_eq!(sync(&["--check"]), (Some(0), String::new()));
    assert_eq!(sync(&["--translated", "no.md"]).0, Some(1), "a page that does not exist");
    assert_eq!(sync(&["--no-such-option"]).0, Some(2), "wrong usage");
}
