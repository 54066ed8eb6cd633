//! The claims N1 to N16 of the notes that this project accompanies. Once its lessons have pages,
//! each claim has one paragraph in each language, with a verdict and evidence.

use std::sync::LazyLock;

use regex::Regex;

use super::book::{Notes, Report};
use super::page::{BlockKind, Language, Page};

static MARKER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\*\*N(\d+)\*\*").expect("a fixed expression"));

/// The lessons that show each claim, N1 first. A claim is due once all of its lessons have pages.
const CLAIMS: [&[&str]; 16] = [
    &["executor"],
    &["executor"],
    &["costs"],
    &["costs"],
    &["costs"],
    &["executor"], // and the page `Scheduling`, which belongs to no lesson
    &["costs"],
    &["threads"],
    &["async-chat"],
    &["future"],
    &["executor"],
    &["future"],
    &["executor"],
    &["waker", "reactor"],
    &["executor"],
    &["executor"],
];

/// A marker `**N8**` in a page.
pub struct Marker<'a> {
    /// The page.
    pub page: &'a Page,
    offset: usize,
    /// The number of the claim.
    pub number: usize,
}

impl Marker<'_> {
    /// Its line.
    pub fn line(&self) -> usize {
        self.page.line(self.offset)
    }

    /// The paragraph or callout around it.
    fn block(&self) -> Option<&str> {
        let (kind, range) = self.page.blocks.iter().find(|(_, r)| r.contains(&self.offset))?;
        (*kind == BlockKind::Prose).then(|| &self.page.prose[range.clone()])
    }

    /// The line of the next heading or claim.
    fn end(&self) -> usize {
        let next = MARKER.find_at(&self.page.prose, self.offset + 1).map(|m| m.start());
        let next = next.map_or(usize::MAX, |offset| self.page.line(offset));
        let headings = self.page.headings.iter().map(|heading| heading.line);
        headings.filter(|&line| line > self.line()).chain([next]).min().unwrap_or(next)
    }
}

/// The number of claims.
pub const COUNT: usize = CLAIMS.len();

/// The markers in all pages of a language.
pub fn markers<'a>(notes: &'a Notes, language: Language) -> impl Iterator<Item = Marker<'a>> {
    notes.of(language).flat_map(|page| {
        MARKER.captures_iter(&page.prose).map(move |found| Marker {
            page,
            offset: found.get(0).expect("the whole match").start(),
            number: found[1].parse().unwrap_or(usize::MAX),
        })
    })
}

pub fn claim(notes: &Notes, report: &mut Report) {
    for language in [Language::Spanish, Language::English] {
        let has_page = |lesson: &&str| notes.of(language).any(|page| page.lesson().as_deref() == Some(*lesson));
        for (lessons, number) in CLAIMS.iter().zip(1..) {
            let found: Vec<Marker> = markers(notes, language).filter(|marker| marker.number == number).collect();
            if found.is_empty() && lessons.iter().all(has_page) {
                let message = format!(
                    "**N{number}** must stand in a paragraph, as {} has a page, found: none",
                    lessons.join(" and ")
                );
                report.add(language.folder(), 1, message);
            }
            for second in found.iter().skip(1) {
                let message = format!(
                    "**N{number}** must stand in one paragraph only, and it is in {} too (name it \
                     without the asterisks here)",
                    found[0].page.file.display()
                );
                report.add(&second.page.file, second.line(), message);
            }
            for early in found.iter().filter(|_| !lessons.iter().any(has_page)) {
                let message =
                    format!("**N{number}** must wait until there is a page of the lesson {}", lessons.join(" or "));
                report.add(&early.page.file, early.line(), message);
            }
        }
        for unknown in markers(notes, language).filter(|m| !(1..=CLAIMS.len()).contains(&m.number)) {
            let message = format!("a claim must be one of N1 to N{}", CLAIMS.len());
            report.add(&unknown.page.file, unknown.line(), message);
        }
    }
}

pub fn verdict(notes: &Notes, report: &mut Report) {
    for (language, word) in [(Language::Spanish, "**Veredicto:**"), (Language::English, "**Verdict:**")] {
        for marker in markers(notes, language) {
            let given = marker
                .block()
                .and_then(|block| block.split_once(word))
                .is_some_and(|(_, after)| !after.lines().next().unwrap_or_default().trim().is_empty());
            if !given {
                let message =
                    format!("the paragraph or callout of **N{}** must hold `{word}` and the verdict", marker.number);
                report.add(&marker.page.file, marker.line(), message);
            }
        }
    }
}

pub fn proof(notes: &Notes, report: &mut Report) {
    for marker in [Language::Spanish, Language::English].into_iter().flat_map(|l| markers(notes, l)) {
        let under = marker.line()..marker.end();
        if !marker.page.evidence.iter().any(|evidence| under.contains(&evidence.line)) {
            let message = format!(
                "evidence (▶, ✓ or ≈) must stand under **N{}**, before the next heading or claim",
                marker.number
            );
            report.add(&marker.page.file, marker.line(), message);
        }
    }
}
