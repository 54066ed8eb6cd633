//! The README's tables: of the checks that each stage fails, and of the models that are bounded.
//! They name all, and no others.

use std::{collections::BTreeSet, fs, path::Path};

use crate::fails;

const README: &str = include_str!("../../README.md");

/// Whether a word is the id of a check, as `C18`.
fn is_id(word: &&str) -> bool {
    let number = word.strip_prefix(['A', 'B', 'C']);
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

#[test]
fn the_table_of_stages_says_what_the_contract_says() {
    let expected = [
        ("s1_spin.rs", fails::SPIN),
        ("s2_block_on.rs", fails::NAIVE),
        ("s3_run_queue.rs", &[]),
        ("s4_spawn.rs", &[]),
        ("s5_pool.rs", &[]),
        ("s6_stealing.rs", &[]),
        ("s7_fast.rs", &[]),
    ];
    let is_stage = |line: &&str| line.get(3..).is_some_and(|rest| rest.starts_with(" `s"));
    let stages: Vec<&str> = README.lines().filter(is_stage).collect();
    assert_eq!(stages.len(), expected.len());
    for (row, (file, fails)) in stages.into_iter().zip(expected) {
        assert!(row.contains(file), "{row}");
        let cell = row.split('|').nth(3).expect("a row has four cells");
        let words = cell.split([' ', ':', ',', '.', ';']);
        let expected: Vec<&str> = fails.iter().map(|(id, _)| *id).collect();
        assert_eq!(words.filter(is_id).collect::<Vec<_>>(), expected, "{file}");
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
