//! A broken rule: where, which rule, and what is wrong.

use std::fmt;
use std::path::PathBuf;

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the root of the checkout.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// The rule, and the text that breaks it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.file.display(), self.line, self.rule, self.message)
    }
}

impl Problem {
    /// Panics with all the problems, one a line, if there is one.
    pub fn expect_none(problems: &[Problem]) {
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert!(lines.is_empty(), "{} problem(s):\n{}", lines.len(), lines.join("\n"));
    }
}
