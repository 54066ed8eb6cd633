//! A backlog stays within its bounds, and nothing is dropped without being counted in the gap where
//! it is missing.

use std::sync::Arc;

use chat::{Backlog, Limits, Reply};
use proptest::prelude::*;

const LINES: usize = 5;
const BYTES: usize = 400;

#[derive(Clone, Debug)]
enum Step {
    Post { group: usize, length: usize },
    Take,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0_usize..3, 0_usize..150).prop_map(|(group, length)| Step::Post { group, length }),
        1 => Just(Step::Take),
    ];
    prop::collection::vec(step, 0..80)
}

fn post(group: &str, number: usize, length: usize) -> Arc<[u8]> {
    Reply::Message { group_name: group.into(), message: format!("{number} {}", "x".repeat(length)) }.to_line()
}

/// Checks what one `take` gave: posts in order from `next` of each group on, then at most one
/// notice a group.
fn check_taken(out: &[u8], next: &mut [usize; 3]) -> Result<(), TestCaseError> {
    let text = str::from_utf8(out).unwrap();
    let mut noticed = [false; 3];
    let (mut lines, mut bytes) = (0, 0);
    for line in text.lines() {
        match Reply::parse(line).unwrap() {
            Reply::Message { group_name, message } => {
                prop_assert_eq!(noticed, [false; 3], "a notice stands before a post that came before the gap");
                let group: usize = group_name.parse().unwrap();
                let number: usize = message.split(' ').next().unwrap().parse().unwrap();
                prop_assert_eq!(number, next[group]);
                next[group] += 1;
                lines += 1;
                bytes += line.len() + 1;
            }
            Reply::Error(text) => {
                let words: Vec<&str> = text.split(' ').collect();
                prop_assert_eq!((words[0], words[2], words[3]), ("Dropped", "messages", "from"));
                let group: usize = words[4].trim_end_matches('.').parse().unwrap();
                prop_assert!(!std::mem::replace(&mut noticed[group], true), "two notices for one group and gap");
                next[group] += words[1].parse::<usize>().unwrap();
            }
        }
    }
    prop_assert!(lines <= LINES, "{} lines waited", lines);
    prop_assert!(bytes <= BYTES || lines == 1, "{} bytes waited", bytes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_post_is_taken_or_counted(steps in steps()) {
        let limits = Limits { mailbox_lines: LINES, mailbox_bytes: BYTES, ..Limits::default() };
        let mut backlog = Backlog::new(&limits);
        let (mut posted, mut next) = ([0; 3], [0; 3]);
        for step in steps.into_iter().chain([Step::Take]) {
            match step {
                Step::Post { group, length } => {
                    backlog.post(&group.to_string(), &post(&group.to_string(), posted[group], length));
                    posted[group] += 1;
                }
                Step::Take => {
                    let mut out = Vec::new();
                    backlog.take(&mut out);
                    check_taken(&out, &mut next)?;
                    prop_assert_eq!(next, posted, "what was taken and what was counted is what was posted");
                    prop_assert!(backlog.is_empty());
                }
            }
        }
    }
}
