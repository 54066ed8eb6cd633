//! Every check has its heading, the bare id, in both pages of the contract: what a failure prints leads somewhere. And every
//! finding has its paragraph on both pages of the matrix.

use std::collections::BTreeSet;

use harness::{Level, chat, executor, future, waker};
use house::{findings::FINDINGS, notes::headings};

#[test]
fn every_check_has_a_heading_in_both_languages() {
    for language in ["es", "en"] {
        let page = house::root().join("notes").join(language).join("contrato.md");
        let found: Vec<String> = headings(&page).unwrap().into_iter().map(|heading| heading.text).collect();
        let ids = future::CHECKS.iter().map(|check| check.id).chain(waker::CHECKS.iter().map(|check| check.id));
        let ids = ids.chain(executor::CHECKS.iter().map(|check| check.id));
        let ids = ids.chain(chat::CHECKS.iter().map(|check| check.id));
        // And the exercises' own, of which the harness knows nothing.
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
            // Each level has its line in the list, and one sentence with the ids of all that have it.
            let sentences = text.lines().filter(|line| !line.starts_with("- ")).flat_map(|line| line.split(". "));
            let sentence = sentences.filter(|sentence| sentence.contains(&word)).collect::<String>();
            let words = sentence.split([' ', ',']).filter(|word| is_id(word)).collect::<BTreeSet<_>>();
            assert_eq!(words, of(level), "{}: {word}", page.display());
        }
    }
}

/// Whether a word is the id of a check, as `C18`.
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
            assert!(text.contains(explained), "{}: write it anew, `just matrix --notes`", page.display());
            for peer in finding.of {
                let row = text.lines().filter(|line| line.starts_with(&format!("| {peer} |")));
                let marked = row.filter(|row| row.contains("no*")).count();
                assert!(marked > 0, "{}: {peer} fails {:?}, and no table says so", page.display(), finding.checks);
            }
        }
    }
}
