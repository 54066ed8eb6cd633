//! The checker of the notes: every page of `notes/es` and `notes/en` against every rule. It works
//! on any root folder, so that tests run it on small made-up notes.

mod claims;
mod commands;
mod evidence;
mod excerpts;
mod fences;
mod frontmatter;
mod garden;
mod links;
mod page;
mod portable;
mod twins;

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

pub use excerpts::synced;
pub use garden::garden_safe;
pub use page::{Language, Page, headings};
pub use twins::{fingerprint, translated};

use crate::Problem;
use crate::programs::Program;

/// Everything the rules look at.
pub struct Notes<'a> {
    /// The folder that holds `notes/`, `justfile` and `crates/`.
    pub root: PathBuf,
    /// The pages of both languages, sorted by language and name.
    pub pages: Vec<Page>,
    /// What the commands of the notes may start.
    pub programs: &'a [Program],
    /// How long such a command may take.
    pub deadline: Duration,
    justfile: String,
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

    /// Holds the notes against every rule.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (rule, check) in RULES {
            let mut report = Report { rule, problems: &mut problems };
            check(self, &mut report);
        }
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        problems
    }
}

/// Looks for what breaks one rule.
pub type Check = fn(&Notes, &mut Report);

/// Every rule: its name and what looks for it.
pub const RULES: &[(&str, Check)] = &[
    ("frontmatter", frontmatter::frontmatter),
    ("callout", portable::callout),
    ("syntax", portable::syntax),
    ("html", portable::html),
    ("paragraph", portable::paragraph),
    ("fence", portable::fence),
    ("hidden", portable::hidden),
    ("tag", portable::tag),
    ("equals", portable::equals),
    ("link", links::link),
    ("image", links::image),
    ("garden", garden::garden),
    ("excerpt", excerpts::excerpt),
    ("evidence", evidence::evidence),
    ("command", evidence::command),
    ("run", evidence::run),
    ("test", evidence::test),
    ("repeat", evidence::repeat),
    ("pages", twins::pages),
    ("lesson", twins::lesson),
    ("headings", twins::headings),
    ("code", twins::code),
    ("links", twins::links),
    ("hash", twins::hash),
    ("claim", claims::claim),
    ("verdict", claims::verdict),
    ("proof", claims::proof),
];

/// Collects the problems of one rule.
pub struct Report<'a> {
    rule: &'static str,
    problems: &'a mut Vec<Problem>,
}

impl Report<'_> {
    fn add(&mut self, file: impl Into<PathBuf>, line: usize, message: impl Into<String>) {
        let (file, message) = (file.into(), message.into());
        self.problems.push(Problem { file, line, rule: self.rule, message });
    }
}
