//! The pages of the contract and of the matrix, in both languages. Every check has a heading, which
//! a failure names. Every finding has a paragraph. The tables say what fails and what is declared.

use std::collections::{BTreeMap, BTreeSet};

use harness::{Level, chat, executor, future, waker};
use house::{findings::FINDINGS, notes::headings};

#[path = "../common/lessons.rs"]
mod lessons;

#[test]
fn every_check_has_a_heading_in_both_languages() {
    for language in ["es", "en"] {
        let page = house::root().join("notes").join(language).join("contrato.md");
        let found: Vec<String> = headings(&page).unwrap().into_iter().map(|heading| heading.text).collect();
        let ids = future::CHECKS.iter().map(|check| check.id).chain(waker::CHECKS.iter().map(|check| check.id));
        let ids = ids.chain(executor::CHECKS.iter().map(|check| check.id));
        let ids = ids.chain(chat::CHECKS.iter().map(|check| check.id));
        // The check of an exercise, which is not in the harness.
        let ids = ids.chain(["V1"]);
        let missing: Vec<&str> = ids.filter(|id| !found.iter().any(|text| text == id)).collect();
        assert!(missing.is_empty(), "{} has no heading for {missing:?}", page.display());
    }
}

#[test]
fn the_pages_say_the_level_of_every_check() {
    let of = |level: Level| {
        let (a, b) = (future::CHECKS.iter().map(|c| (c.id, c.level)), waker::CHECKS.iter().map(|c| (c.id, c.level)));
        let (c, e) = (executor::CHECKS.iter().map(|c| (c.id, c.level)), chat::CHECKS.iter().map(|c| (c.id, c.level)));
        let ids = a.chain(b).chain(c).chain(e).filter(|(_, its)| *its == level).map(|(id, _)| id);
        ids.collect::<BTreeSet<_>>()
    };
    for language in ["es", "en"] {
        let page = house::root().join("notes").join(language).join("contrato.md");
        let text = std::fs::read_to_string(&page).unwrap();
        for level in [Level::Should, Level::Policy] {
            let word = format!("**{}**", level.word());
            // Each level has a line in the list, and one sentence with the ids of its checks.
            let sentences = text.lines().filter(|line| !line.starts_with("- ")).flat_map(|line| line.split(". "));
            let sentence = sentences.filter(|sentence| sentence.contains(&word)).collect::<String>();
            let words = sentence.split([' ', ',']).filter(|word| is_id(word)).collect::<BTreeSet<_>>();
            assert_eq!(words, of(level), "{}: {word}", page.display());
        }
    }
}

/// Whether a word is the id of a check, such as `C18`.
fn is_id(word: &str) -> bool {
    word.strip_prefix(['A', 'B', 'C', 'E']).is_some_and(|number| number.parse::<u32>().is_ok())
}

#[test]
fn every_finding_is_explained_in_both_languages() {
    for language in ["es", "en"] {
        let page = house::root().join("notes").join(language).join("matriz.md");
        let text = std::fs::read_to_string(&page).expect("`just matrix --notes` writes it");
        for finding in FINDINGS {
            let explained = if language == "es" { finding.es } else { finding.en };
            assert!(text.contains(explained), "{}: update it with `just matrix --notes`", page.display());
        }
    }
}

/// The cells of a page's tables, by the first word of their row and the head of their column. Rows
/// that begin with another word are left out.
fn cells<'a>(page: &'a str, first: &[&str]) -> BTreeMap<(&'a str, &'a str), &'a str> {
    let (mut cells, mut head) = (BTreeMap::new(), Vec::new());
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let row: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if row[0].is_empty() {
            head = row;
        } else if first.contains(&row[0]) {
            cells.extend(head.iter().zip(&row).skip(1).map(|(id, cell)| ((row[0], *id), *cell)));
        }
    }
    cells
}

#[test]
fn the_tables_of_the_matrix_say_what_fails_and_what_is_declared() {
    let subjects: Vec<_> = lessons::all().into_iter().chain(peers::subjects()).collect();
    let names: Vec<&str> = subjects.iter().map(|subject| subject.name).collect();
    for language in ["es", "en"] {
        let page = house::root().join("notes").join(language).join("matriz.md");
        let text = std::fs::read_to_string(&page).expect("`just matrix --notes` writes it");
        let cells = cells(&text, &names);
        assert_eq!(cells.len(), names.len() * (executor::CHECKS.len() + waker::CHECKS.len()), "{}", page.display());
        let mut declared = BTreeSet::new();
        for ((name, id), cell) in &cells {
            let known = FINDINGS.iter().any(|finding| finding.of.contains(name) && finding.checks.contains(id));
            assert_eq!(
                cell.contains("no"),
                known,
                "{}: {name} {id}: update it with `just matrix --notes`",
                page.display()
            );
            let subject =
                subjects.iter().find(|subject| subject.name == *name).expect("the cells are found by these names");
            let word = subject.value.declared().word(id).filter(|_| *cell != "—");
            let policy = executor::CHECKS.iter().any(|check| check.id == *id && check.level == Level::Policy);
            assert_eq!(
                *cell == "p",
                policy && word.is_some() && !known,
                "{}: {name} {id}: update it with `just matrix --notes`",
                page.display()
            );
            declared.extend(word.map(|word| (id.to_string(), word, name.to_string())));
        }
        let rows = text.lines().filter_map(|line| {
            let row: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            (row.len() == 3 && is_id(row[0])).then(|| row.into_iter().map(str::to_owned).collect::<Vec<_>>())
        });
        let listed = rows.flat_map(|row| {
            row[2].split(", ").map(|name| (row[0].clone(), row[1].clone(), name.to_owned())).collect::<Vec<_>>()
        });
        assert_eq!(
            listed.collect::<BTreeSet<_>>(),
            declared,
            "{}: update it with `just matrix --notes`",
            page.display()
        );
    }
}
