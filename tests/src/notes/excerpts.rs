//! Excerpts: fences under `<!-- src: file#anchor -->`. The code equals the source between
//! `// ANCHOR: anchor` and `// ANCHOR_END: anchor`, except for spaces that Digital Garden needs.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::book::{Notes, Report};
use super::fences::{self, Fence};
use super::garden::garden_safe;
use super::page::Page;

static MARK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?://|#)\s*ANCHOR(_END)?:\s*([\w-]+)\s*$").expect("a fixed expression"));

/// The excerpt that `file#anchor` names, as the notes show it.
fn excerpt_of(root: &Path, source: &str) -> Result<String, String> {
    let (file, anchor) = source.split_once('#').ok_or("must name a file and an anchor in it")?;
    let text = fs::read_to_string(root.join(file)).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    let (mut begins, mut ends) = (0, 0);
    for line in text.lines() {
        match MARK.captures(line) {
            Some(mark) if &mark[2] == anchor => match mark.get(1) {
                None => begins += 1,
                Some(_) => ends += 1,
            },
            Some(_) => {} // the mark of a nested anchor
            None if begins > ends => lines.push(line),
            None => {}
        }
    }
    if (begins, ends) != (1, 1) || lines.is_empty() {
        return Err(format!(
            "{file} must hold `ANCHOR: {anchor}` and `ANCHOR_END: {anchor}` once, in this order, \
             with something between"
        ));
    }
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let dedented = lines.iter().map(|line| format!("{}\n", line.get(common..).unwrap_or("")));
    Ok(garden_safe(&dedented.collect::<String>()))
}

/// For a fence that differs from its source: the code that it must hold, or why there is none.
fn stale(root: &Path, page: &Page, fence: &Fence) -> Option<Result<String, String>> {
    let source = fence.source.as_deref()?;
    let at_margin = page.body[..fence.range.start].ends_with('\n');
    let closed = page.body[fence.range.clone()].trim_end().ends_with("\n```");
    if !(at_margin && closed) {
        return Some(Err("must stand between ``` at the margin".to_owned()));
    }
    match excerpt_of(root, source) {
        Ok(excerpt) if excerpt == fence.code => None,
        other => Some(other),
    }
}

pub fn excerpt(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        for fence in &page.fences {
            match stale(&notes.root, page, fence) {
                None => {}
                Some(Err(fault)) => {
                    report.add(&page.file, fence.line, format!("the excerpt under here: {fault}"));
                }
                Some(Ok(fresh)) => {
                    let differs = fresh.lines().zip(fence.code.lines()).find(|(a, b)| a != b);
                    let (want, found) = differs.unwrap_or(("", "another number of lines"));
                    let message = format!(
                        "an excerpt must equal its source, run `just notes-sync`; expected: \
                         `{want}`, found: `{found}`"
                    );
                    report.add(&page.file, fence.line, message);
                }
            }
        }
        for (index, line) in page.body.lines().enumerate() {
            let lost = fences::source(line).is_some() && !page.fences.iter().any(|fence| fence.line == index + 2);
            if lost {
                let message = format!("a fence must stand directly under `{}`", line.trim());
                report.add(&page.file, index + 1, message);
            }
        }
    }
}

/// The page's text with fresh excerpts, and the line of each that changed. The error is the line of
/// an excerpt without a source, and the reason.
pub fn synced(root: &Path, page: &Page) -> Result<(String, Vec<usize>), (usize, String)> {
    let (mut text, mut changed) = (page.text.clone(), Vec::new());
    // From the last to the first, so that a replacement moves no range that is still to come.
    for fence in page.fences.iter().rev() {
        let Some(fresh) = stale(root, page, fence) else { continue };
        let fresh = fresh.map_err(|fault| (fence.line, fault))?;
        let block = page.body[fence.range.clone()].trim_end();
        let first = fence.range.start + block.find('\n').map_or(0, |end| end + 1);
        let last = fence.range.start + block.rfind('\n').map_or(0, |end| end + 1);
        text.replace_range(first..last, &fresh);
        changed.insert(0, fence.line);
    }
    Ok((text, changed))
}
