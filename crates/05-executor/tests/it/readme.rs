//! The README's table of stages names the checks that each stage fails, and no others.

use crate::fails;

const README: &str = include_str!("../../README.md");

/// Whether a word is the id of a check, such as `C18`.
fn is_id(word: &&str) -> bool {
    let number = word.strip_prefix(['A', 'B', 'C']);
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

#[test]
fn the_table_of_stages_says_what_the_contract_says() {
    let expected = [
        ("s1_spin.rs", fails::SPIN),
        ("s2_block_on.rs", fails::NAIVE),
        ("s3_queue.rs", fails::QUEUE),
        ("s4_join.rs", &[]),
        ("s5_pool.rs", &[]),
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

/// A ladder: what stands behind each stage stays short enough to read in one sitting.
#[test]
fn behind_each_stage_there_are_few_lines_of_code() {
    const SYNC: &str = include_str!("../../src/sync.rs");
    const EVENT: &str = include_str!("../../src/parts/event.rs");
    const DRIVER: &str = include_str!("../../src/parts/driver.rs");
    const ROOT: &str = include_str!("../../src/parts/root.rs");
    const JOIN: &str = include_str!("../../src/parts/join.rs");
    let stages: [(&str, &[&str], usize); 5] = [
        (include_str!("../../src/s1_spin.rs"), &[], 80),
        (include_str!("../../src/s2_block_on.rs"), &[], 200),
        (include_str!("../../src/s3_queue.rs"), &[SYNC, EVENT, DRIVER, ROOT], 300),
        (include_str!("../../src/s4_join.rs"), &[SYNC, EVENT, DRIVER, ROOT, JOIN], 420),
        (include_str!("../../src/s5_pool.rs"), &[SYNC, EVENT, JOIN], 560),
    ];
    let code = |text: &str| {
        let lines = text.lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
    };
    for (number, (stage, parts, most)) in (1..).zip(stages) {
        // Each part that the stage imports is counted.
        let imported = ["event", "driver", "root", "join"]
            .iter()
            .filter(|part| stage.contains(&format!(" {part}::")) || stage.contains(&format!(" {part},\n")));
        assert_eq!(imported.count() + usize::from(stage.contains("sync::{")), parts.len(), "stage {number}");
        let lines = code(stage) + parts.iter().map(|part| code(part)).sum::<usize>();
        assert!(lines <= most, "stage {number}: {lines} lines of code, and at most {most} should be there");
    }
}
