//! The notes as the rules see them, and the report that collects the problems of a rule.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use super::fences;
use super::page::{Language, Page};
use crate::Problem;
use crate::programs::Program;

/// Everything the rules look at.
pub struct Notes<'a> {
    /// The folder that holds `notes/`, `justfile` and `crates/`.
    pub root: PathBuf,
    /// The pages of both languages, sorted by language and name.
    pub pages: Vec<Page>,
    /// The programs that commands of the notes may start.
    pub programs: &'a [Program],
    /// How long such a command may take.
    pub deadline: Duration,
    /// The text of the justfile.
    pub justfile: String,
}

impl<'a> Notes<'a> {
    /// Reads the notes below `root`.
    pub fn read(root: &Path, programs: &'a [Program], deadline: Duration) -> io::Result<Self> {
        let mut pages = Vec::new();
        for language in [Language::Spanish, Language::English] {
            for path in fences::pages(&root.join(language.folder())) {
                let file = path.strip_prefix(root).expect("the page is below the root").to_owned();
                pages.push(Page::parse(file, language, fs::read_to_string(&path)?));
            }
        }
        // Without a justfile no recipe exists, and the rule about commands says so.
        let justfile = fs::read_to_string(root.join("justfile")).unwrap_or_default();
        Ok(Notes { root: root.to_owned(), pages, programs, deadline, justfile })
    }

    /// The pages in one language.
    pub fn of(&self, language: Language) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(move |page| page.language == language)
    }
}

/// Collects the problems of one rule.
pub struct Report<'a> {
    rule: &'static str,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Report<'a> {
    /// Creates a report that adds the problems of this rule to `problems`.
    pub fn new(rule: &'static str, problems: &'a mut Vec<Problem>) -> Self {
        Report { rule, problems }
    }

    /// Adds a problem.
    pub fn add(&mut self, file: impl Into<PathBuf>, line: usize, message: impl Into<String>) {
        let (file, message) = (file.into(), message.into());
        self.problems.push(Problem { file, line, rule: self.rule, message });
    }
}
