//! The legend: the page that explains the marks and the claims N1 to N16. Every other page links to
//! it above its first section, and it links to the section that holds each claim.

use super::book::{Notes, Report};
use super::claims::{COUNT, markers};
use super::frontmatter::is_summary;
use super::links::{Target, position, target};
use super::page::{Language, Link, Page};

const LEGEND: &str = "leyenda.md";

fn is_legend(page: &Page) -> bool {
    page.name().as_os_str() == LEGEND
}

pub fn legend(notes: &Notes, report: &mut Report) {
    for language in [Language::Spanish, Language::English] {
        let Some(legend) = notes.of(language).find(|page| is_legend(page)) else {
            report.add(language.folder(), 1, format!("must hold the page `{LEGEND}`"));
            continue;
        };
        for page in notes.of(language).filter(|page| !is_legend(page) && !is_summary(page)) {
            let section = page.headings.iter().find(|heading| heading.level == 2);
            let section = section.map_or(usize::MAX, |heading| heading.line);
            let leads =
                |link: &&Link| matches!(target(page, &link.target), Ok(Target::File(file, _)) if file == legend.file);
            if !page.links.iter().any(|link| link.line < section && leads(&link)) {
                report.add(&page.file, 1, format!("must link to `{LEGEND}` above its first section"));
            }
        }
        for number in 1..=COUNT {
            let row = format!("| N{number} |");
            let rows: Vec<usize> = legend
                .prose
                .lines()
                .zip(1..)
                .filter(|(text, _)| text.starts_with(&row))
                .map(|(_, line)| line)
                .collect();
            let [line] = rows[..] else {
                let message = format!("must have one line that begins with `{row}`, found: {}", rows.len());
                report.add(&legend.file, 1, message);
                continue;
            };
            let Some(marker) = markers(notes, language).find(|marker| marker.number == number) else { continue };
            let Some(section) = marker.page.headings.iter().rposition(|heading| heading.line < marker.line()) else {
                continue;
            };
            let leads = |link: &Link| match target(legend, &link.target) {
                Ok(Target::File(file, Some(anchor))) => {
                    file == marker.page.file && position(&marker.page.headings, &anchor) == Some(section)
                }
                _ => false,
            };
            if !legend.links.iter().any(|link| link.line == line && leads(link)) {
                let (heading, page) = (&marker.page.headings[section].text, marker.page.file.display());
                let message =
                    format!("the line of N{number} must link to the section `{heading}` of {page}, which holds it");
                report.add(&legend.file, line, message);
            }
        }
    }
}
