//! The checker of the notes: every page of `notes/es` and `notes/en` against every rule. Tests also
//! run it on small made-up notes in another root folder.

mod book;
mod claims;
mod commands;
mod evidence;
mod evidence_line;
mod excerpts;
mod fences;
mod frontmatter;
mod garden;
mod legend;
mod links;
mod page;
mod portable;
mod twins;
mod yaml;

pub use book::{Notes, Report};
pub use excerpts::synced;
pub use fences::{Fence, own_rust};
pub use garden::garden_safe;
pub use page::{Language, Page, headings};
pub use twins::{fingerprint, translated};

use crate::Problem;

/// Reports what breaks one rule.
pub type Check = fn(&Notes, &mut Report);

/// Every rule: its name and its check.
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
    ("answers", twins::answers),
    ("hash", twins::hash),
    ("claim", claims::claim),
    ("verdict", claims::verdict),
    ("proof", claims::proof),
    ("legend", legend::legend),
];

impl Notes<'_> {
    /// Checks the notes against every rule.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (rule, check) in RULES {
            let mut report = Report::new(rule, &mut problems);
            check(self, &mut report);
        }
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        problems
    }
}
