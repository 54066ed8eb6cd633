//! The README's table of stages names the checks that each stage fails, all of them and no others.
#![forbid(unsafe_code)]

#[path = "subjects/fails.rs"]
mod fails;

const README: &str = include_str!("../README.md");

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
    let stages: Vec<&str> = README.lines().filter(|line| line.contains(".rs` |")).collect();
    assert_eq!(stages.len(), expected.len());
    for (row, (file, fails)) in stages.into_iter().zip(expected) {
        assert!(row.contains(file), "{row}");
        let cell = row.split('|').nth(3).expect("a row has four cells");
        let words = cell.split([' ', ':', ',', '.', ';']);
        let expected: Vec<&str> = fails.iter().map(|(id, _)| *id).collect();
        assert_eq!(words.filter(is_id).collect::<Vec<_>>(), expected, "{file}");
    }
}
