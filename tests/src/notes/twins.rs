//! The rules that keep `notes/es` (the source) and `notes/en` (its translation) equal in structure.

use std::fmt::Debug;

use sha2::{Digest, Sha256};

use super::book::{Notes, Report};
use super::frontmatter;
use super::links::for_twins;
use super::page::{Language, Page};
use super::portable::is_answer;

/// The hash of a Spanish page, which its translation records.
pub fn fingerprint(spanish: &str) -> String {
    Sha256::digest(spanish.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The English page with the hash of the Spanish one in its frontmatter; `None` without one.
pub fn translated(english: &str, spanish: &str) -> Option<String> {
    let yaml = super::fences::frontmatter(english)?;
    let old = yaml.lines().find(|line| line.starts_with("source-sha256:"));
    let new = format!("source-sha256: {}", fingerprint(spanish));
    Some(match old {
        Some(old) => english.replacen(old, &new, 1),
        None => english.replacen("\n---\n", &format!("\n{new}\n---\n"), 1),
    })
}

/// Pairs of pages of the same name: Spanish, English.
fn pairs<'a>(notes: &'a Notes) -> impl Iterator<Item = (&'a Page, &'a Page)> {
    notes.of(Language::Spanish).filter_map(|spanish| {
        let english = notes.of(Language::English).find(|page| page.name() == spanish.name())?;
        Some((spanish, english))
    })
}

/// Reports the first place where the twins' lists of one kind of thing differ.
fn compare<T: PartialEq + Debug>(
    report: &mut Report,
    english: &Page,
    what: &str,
    es: &[(usize, T)],
    en: &[(usize, T)],
) {
    let place =
        (0..es.len().max(en.len())).find(|&place| es.get(place).map(|(_, t)| t) != en.get(place).map(|(_, t)| t));
    let Some(place) = place else { return };
    let show = |list: &[(usize, T)]| match list.get(place) {
        Some((line, thing)) => format!("{thing:?} (line {line})"),
        None => "nothing".to_owned(),
    };
    let line = en.get(place).or(en.last()).map_or(1, |(line, _)| *line);
    let message = format!("{what} {} must be the same as in Spanish, {}, found: {}", place + 1, show(es), show(en));
    report.add(&english.file, line, message);
}

pub fn pages(notes: &Notes, report: &mut Report) {
    for (own, other) in [(Language::Spanish, Language::English), (Language::English, Language::Spanish)] {
        if notes.of(own).next().is_none() {
            report.add(own.folder(), 1, "must hold pages, found: none");
        }
        for page in notes.of(own) {
            if !notes.of(other).any(|twin| twin.name() == page.name()) {
                let message = format!("must have a twin of the same name in {}", other.folder());
                report.add(&page.file, 1, message);
            }
        }
    }
}

pub fn lesson(notes: &Notes, report: &mut Report) {
    for (spanish, english) in pairs(notes) {
        let lessons = [spanish, english].map(|page| [page.front("lesson")]);
        compare(report, english, "lesson", &lessons[0], &lessons[1]);
    }
}

pub fn headings(notes: &Notes, report: &mut Report) {
    for (spanish, english) in pairs(notes) {
        let levels = [spanish, english]
            .map(|page| page.headings.iter().map(|h| (h.line, format!("level {}", h.level))).collect::<Vec<_>>());
        compare(report, english, "heading", &levels[0], &levels[1]);
    }
}

pub fn code(notes: &Notes, report: &mut Report) {
    for (spanish, english) in pairs(notes) {
        let fences = [spanish, english].map(|page| {
            let fence = page.fences.iter().map(|f| (f.line, (&f.info, &f.source, &f.code)));
            fence.collect::<Vec<_>>()
        });
        compare(report, english, "block of code", &fences[0], &fences[1]);
        let evidence = [spanish, english].map(|page| {
            let evidence = page.evidence.iter().map(|e| (e.line, (e.sign, &e.command, &e.promise)));
            evidence.collect::<Vec<_>>()
        });
        compare(report, english, "evidence", &evidence[0], &evidence[1]);
    }
}

pub fn links(notes: &Notes, report: &mut Report) {
    for (spanish, english) in pairs(notes) {
        let links = [spanish, english].map(|page| {
            let links = page.links.iter().map(|l| (l.line, for_twins(notes, page, &l.target)));
            links.collect::<Vec<_>>()
        });
        compare(report, english, "link", &links[0], &links[1]);
    }
}

/// The lines of the folded answers of a page.
fn folded(page: &Page) -> Vec<(usize, &str)> {
    let html = page.html.iter().flat_map(|range| {
        let first = page.line(range.start);
        page.body[range.clone()].lines().enumerate().map(move |(index, line)| (first + index, line))
    });
    html.filter(|(_, line)| is_answer(line)).map(|(line, _)| (line, "an answer")).collect()
}

pub fn answers(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        let folded = folded(page);
        if !matches!(folded.len(), 0 | 3) {
            let message =
                format!("a page must have three questions with folded answers, or none, found: {}", folded.len());
            report.add(&page.file, folded[0].0, message);
        }
    }
    for (spanish, english) in pairs(notes) {
        compare(report, english, "question", &folded(spanish), &folded(english));
    }
}

pub fn hash(notes: &Notes, report: &mut Report) {
    for (spanish, english) in pairs(notes).filter(|(page, _)| !frontmatter::is_summary(page)) {
        let (line, recorded) = english.front("source-sha256");
        if recorded != Some(fingerprint(&spanish.text)) {
            let message = format!(
                "must translate the Spanish page as it is now: bring the translation up to date, \
                 then `just notes-sync --translated {}`",
                spanish.name().display()
            );
            report.add(&english.file, line, message);
        }
    }
}
