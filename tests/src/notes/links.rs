//! The rules about links and images, and the target of a link.

use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::book::{Notes, Report};
use super::page::{Heading, Language, Page, headings};

static ANCHOR: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z0-9]+$").expect("a fixed expression"));
static SCHEME: LazyLock<Regex> = LazyLock::new(|| Regex::new("^([a-z][a-z0-9+.-]*:|/)").expect("a fixed expression"));

/// The target of a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// A web page.
    Web(String),
    /// A file, from the root, and the anchor in it.
    File(PathBuf, Option<String>),
}

/// Reads the target of a link, without looking at files.
pub fn target(page: &Page, link: &str) -> Result<Target, String> {
    if link.starts_with("https://") {
        return Ok(Target::Web(link.to_owned()));
    }
    if SCHEME.is_match(link) {
        return Err("must be relative or begin with https://".to_owned());
    }
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor.to_owned())),
        None => (link, None),
    };
    let mut file = page.file.clone();
    if !path.is_empty() {
        file.pop();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => file.push(name),
                Component::ParentDir if !file.pop() => {
                    return Err("must not leave the repository".to_owned());
                }
                _ => {}
            }
        }
    }
    Ok(Target::File(file, anchor))
}

/// The index of the heading that an anchor names. GitHub and mdBook use slugs as anchors, and
/// Obsidian the text of the heading. Both are equal for a heading of one word without accents.
pub fn position(headings: &[Heading], anchor: &str) -> Option<usize> {
    headings.iter().position(|heading| heading.text.to_lowercase() == anchor)
}

/// The headings of any Markdown file, a page or another.
pub fn headings_of(notes: &Notes, file: &Path) -> Vec<Heading> {
    match notes.pages.iter().find(|page| page.file == file) {
        Some(page) => page.headings.clone(),
        None => headings(&notes.root.join(file)).unwrap_or_default(),
    }
}

/// Checks a link, and gives what is wrong with it.
fn fault(notes: &Notes, page: &Page, link: &str) -> Option<String> {
    let (file, anchor) = match target(page, link) {
        Ok(Target::Web(_)) => return None,
        Ok(Target::File(file, anchor)) => (file, anchor),
        Err(fault) => return Some(fault),
    };
    if file.extension().is_none() {
        return Some("must carry the file's extension".to_owned());
    }
    if !notes.root.join(&file).is_file() {
        return Some(format!("must lead to a file, and {} is none", file.display()));
    }
    let anchor = anchor?;
    if !ANCHOR.is_match(&anchor) {
        return Some("an anchor must be one word in lower case without accents".to_owned());
    }
    match position(&headings_of(notes, &file), &anchor) {
        Some(_) => None,
        None => Some(format!("{} must have a heading whose whole text is `{anchor}`", file.display())),
    }
}

pub fn link(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for link in page.links.iter().filter(|link| link.alt.is_none()) {
            if let Some(fault) = fault(notes, page, &link.target) {
                report.add(&page.file, link.line, format!("{fault}, found: {}", link.target));
            }
        }
    }
}

pub fn image(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for image in &page.links {
            let Some(alt) = &image.alt else { continue };
            if alt.trim().is_empty() {
                let message = format!("an image must have alternative text: {}", image.target);
                report.add(&page.file, image.line, message);
            }
            match target(page, &image.target) {
                Ok(Target::File(file, None)) if notes.root.join(&file).is_file() => {}
                _ => {
                    let message = format!("an image must be in the repository: {}", image.target);
                    report.add(&page.file, image.line, message);
                }
            }
        }
    }
}

/// A link's target in a form that is equal in twins: each language's folder is `own` or `other`,
/// and an anchor is the index of its heading.
pub fn for_twins(notes: &Notes, page: &Page, link: &str) -> String {
    let (file, anchor) = match target(page, link) {
        Ok(Target::File(file, anchor)) => (file, anchor),
        Ok(Target::Web(_)) | Err(_) => return link.to_owned(),
    };
    let other = match page.language {
        Language::Spanish => Language::English,
        Language::English => Language::Spanish,
    };
    let place = anchor.map(|anchor| match position(&headings_of(notes, &file), &anchor) {
        Some(place) => format!("#heading {}", place + 1),
        None => format!("#{anchor}"),
    });
    let file = file.to_string_lossy();
    let file = match (file.strip_prefix(page.language.folder()), file.strip_prefix(other.folder())) {
        (Some(name), _) => format!("notes{name}"),
        (_, Some(name)) => format!("other language{name}"),
        (None, None) => file.into_owned(),
    };
    file + &place.unwrap_or_default()
}
