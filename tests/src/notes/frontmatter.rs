//! The rule about the YAML at the top of a page.

use std::sync::LazyLock;

use regex::Regex;
use saphyr::{LoadableYamlNode, Yaml};

use super::book::{Notes, Report};
use super::fences;
use super::page::{Language, Page};
use crate::arrows;

static DATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$").expect("a fixed expression"));

static HASH: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[0-9a-f]{64}$").expect("a fixed expression"));

/// mdBook's table of contents, the only file of the notes that is not a page.
pub fn is_summary(page: &Page) -> bool {
    page.name().as_os_str() == "SUMMARY.md"
}

pub fn frontmatter(notes: &Notes, report: &mut Report) {
    for page in notes.pages.iter().filter(|page| !is_summary(page)) {
        let Some(yaml) = fences::frontmatter(&page.text) else {
            report.add(&page.file, 1, "must open with YAML between two lines `---`");
            continue;
        };
        if let Err(error) = Yaml::load_from_str(yaml) {
            report.add(&page.file, 1, format!("must open with valid YAML: {error}"));
            continue;
        }
        let mut hold = |key: &str, must: &str, holds: &dyn Fn(&str) -> bool| {
            let (line, value) = page.front(key);
            if !value.as_deref().is_some_and(holds) {
                let found = value.unwrap_or("nothing".to_owned());
                report.add(&page.file, line, format!("`{key}` must be {must}, found: {found}"));
            }
        };
        hold("dg-publish", "true", &|value| value == "true");
        hold("date", "a date such as 2026-01-31", &|value| DATE.is_match(value));
        hold("lesson", "a lesson such as `threads`, or `none`", &|value| value == "none" || arrows::is_lesson(value));
        if page.language == Language::English {
            hold("source-sha256", "the SHA-256 of the Spanish page", &|value| HASH.is_match(value));
        }
    }
}
