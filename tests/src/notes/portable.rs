//! The rules that limit a page to Markdown that Obsidian, Digital Garden, GitHub and mdBook share.

use std::sync::LazyLock;

use regex::Regex;

use super::book::{Notes, Report};
use super::page::Page;

fn expression(expression: &str) -> Regex {
    Regex::new(expression).expect("a fixed expression")
}

static MARKER: LazyLock<Regex> = LazyLock::new(|| expression(r"^[\s>]*>\s*\[!"));
static CALLOUT: LazyLock<Regex> = LazyLock::new(|| expression(r"^> \[!(note|tip|important|warning|caution)\]$"));
static OBSIDIAN: LazyLock<Regex> = LazyLock::new(|| expression(r"!?\[\[|==[^=]+==|%%"));
static INFO: LazyLock<Regex> = LazyLock::new(|| expression("^[a-z][a-z0-9+-]*$"));
static ANSWER: LazyLock<Regex> =
    LazyLock::new(|| expression("^<details><summary>([^<>`]+)</summary>([^<>`]+)</details>$"));
// A tag is a `#` before a letter. `#[derive]`, `#!` and `# comment` are not tags.
static TAG: LazyLock<Regex> = LazyLock::new(|| expression(r"(?:^|\s)(#\p{L}[^\s]*)"));

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The lines of a fence's code with their numbers in the page.
fn code(page: &Page) -> impl Iterator<Item = (usize, &str)> {
    page.fences.iter().flat_map(|f| lines(&f.code).map(|(index, code)| (f.line + index, code)))
}

pub fn callout(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for (line, text) in lines(&page.prose) {
            if MARKER.is_match(text) && !CALLOUT.is_match(text) {
                report.add(
                    &page.file,
                    line,
                    format!(
                        "a callout's marker must stand alone on its line, one of `> [!note]`, \
                         tip, important, warning, caution, without title or fold, found: {text}"
                    ),
                );
            }
        }
    }
}

pub fn syntax(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for (line, text) in lines(&page.prose) {
            if let Some(found) = OBSIDIAN.find(text) {
                let found = found.as_str();
                let message = format!(
                    "no `[[wiki]]`, `![[embed]]`, `==mark==` or `%%comment%%` outside code (only \
                     Obsidian knows them), found: {found}"
                );
                report.add(&page.file, line, message);
            }
        }
    }
}

/// Whether a line of HTML is a question with its folded answer. Obsidian shows no Markdown in HTML,
/// and ends it at a blank line. So the whole answer stands on one line, and code in it between
/// tags.
pub fn is_answer(line: &str) -> bool {
    let mut pieces = line.split("<code>");
    let first = pieces.next().unwrap_or_default().to_owned();
    let plain =
        pieces.try_fold(first, |plain, piece| piece.split_once("</code>").map(|(_, after)| plain + "x" + after));
    plain.is_some_and(|plain| ANSWER.is_match(&plain) && !plain.contains("](") && !plain.contains("**"))
}

pub fn html(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for range in &page.html {
            let html = page.body[range.clone()].trim();
            let comment = html.starts_with("<!--") && html.ends_with("-->");
            if !comment && !html.lines().all(is_answer) {
                let message = format!(
                    "no HTML but comments and folded answers, `<details><summary>question</summary>answer</details>` on \
                     one line, in which only `<code>` is markup (a type such as Vec<u8> belongs in code), found: {html}"
                );
                report.add(&page.file, page.line(range.start), message);
            }
        }
    }
}

pub fn paragraph(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for &line in &page.breaks {
            let message = "a paragraph must stand on one line (Obsidian shows a newline as a \
                           break), found: one that goes on in the next line";
            report.add(&page.file, line, message);
        }
    }
}

pub fn fence(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for fence in &page.fences {
            let message = match &fence.info {
                None => "code must stand between fences, found: indented code".to_owned(),
                Some(info) if !INFO.is_match(info) => format!(
                    "a fence must carry its language, one word such as `rust` or `text`, found: \
                     `{info}`"
                ),
                Some(_) => continue,
            };
            report.add(&page.file, fence.line, message);
        }
    }
}

pub fn hidden(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for fence in page.fences.iter().filter(|f| f.info.as_deref() == Some("rust")) {
            for (index, code) in lines(&fence.code) {
                if code.trim() == "#" || code.trim_start().starts_with("# ") {
                    let message = format!("no hidden lines in Rust (everything but mdBook shows them), found: {code}");
                    report.add(&page.file, fence.line + index, message);
                }
            }
        }
    }
}

pub fn tag(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        let spans = page.spans.iter().map(|(line, code)| (*line, code.as_str()));
        for (line, text) in code(page).chain(spans) {
            if let Some(found) = TAG.captures(text) {
                let message = format!("no ` #word` in code (Digital Garden makes a tag of it), found: {}", &found[1]);
                report.add(&page.file, line, message);
            }
        }
    }
}

pub fn equals(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for (line, code) in &page.spans {
            if code.starts_with('=') {
                let message = format!("no code span begins with `=` (Obsidian's Dataview evaluates it), found: {code}");
                report.add(&page.file, *line, message);
            }
        }
    }
}
