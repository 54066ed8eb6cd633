//! The README's tables: of the stages, and of the models that are bounded. They name all, and no
//! others.

use std::{collections::BTreeSet, fs, path::Path};

const README: &str = include_str!("../../README.md");

/// Whether a word is the id of a check, as `C18`.
fn is_id(word: &&str) -> bool {
    let number = word.strip_prefix(['A', 'B', 'C']);
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Every stage passes every check that applies to it, and so the table names none that fails.
#[test]
fn the_table_of_stages_says_what_the_contract_says() {
    let expected = ["s1_one_allocation/", "s2_pool.rs", "s3_stealing/", "s4_no_atomics/"];
    let is_stage = |line: &&str| line.get(3..).is_some_and(|rest| rest.starts_with(" `s") || rest.starts_with(" [`s"));
    let stages: Vec<&str> = README.lines().filter(is_stage).collect();
    assert_eq!(stages.len(), expected.len());
    for (row, file) in stages.into_iter().zip(expected) {
        assert!(row.contains(file), "{row}");
        let cell = row.split('|').nth(3).expect("a row has five cells");
        assert_eq!(cell.split([' ', ':', ',', '.', ';']).find(is_id), None, "{file}");
    }
}

/// Each model that is bounded, and by how many preemptions.
fn bounded_models() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/every_order");
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut bounded = BTreeSet::new();
    for file in files {
        let mut model = "";
        for line in file.lines() {
            if let Some(name) = line.strip_prefix("fn ") {
                model = name.split(['(', '<']).next().unwrap_or(name);
            } else if let Some(bound) = line.strip_prefix("    bounded(") {
                let bound = bound.split(',').next().unwrap_or(bound);
                bounded.insert((bound.to_owned(), model.to_owned()));
            }
        }
    }
    bounded
}

#[test]
fn the_table_of_bounds_says_what_the_models_say() {
    let rows = README
        .lines()
        .skip_while(|line| !line.starts_with("| at most |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let said: BTreeSet<_> = rows
        .flat_map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let models = cells[2].split(", ").map(|name| name.trim_matches('`').to_owned());
            models.map(|model| (cells[1].to_owned(), model)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(said, bounded_models());
    assert!(README.contains("Twelve models have more orders") && said.len() == 12);
}
