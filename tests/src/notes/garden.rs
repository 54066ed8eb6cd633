//! The space that protects code from Digital Garden. Digital Garden takes `(x::y)` for an inline
//! field, also in code, and publishes only the part after the `::`.

use std::sync::LazyLock;

use pulldown_cmark::{Event, html};
use regex::{Captures, Regex};

use super::book::{Notes, Report};
use super::fences;

// The expression of Digital Garden's site template, to the letter.
static FIELD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\(\S+\:\:(.*)\)").expect("a fixed expression"));

/// A line of HTML as Digital Garden publishes it.
fn published(line: &str) -> String {
    FIELD.replace_all(line, |field: &Captures| field[1].trim().to_owned()).into_owned()
}

/// The code with one space after each parenthesis that Digital Garden would take for a field.
pub fn garden_safe(code: &str) -> String {
    code.split('\n').map(safe_line).collect::<Vec<_>>().join("\n")
}

fn safe_line(line: &str) -> String {
    let mut line = line.to_owned();
    // From the right, because a space in an inner pair often protects the pairs around it.
    let places: Vec<usize> = line.match_indices('(').map(|(place, _)| place).collect();
    for place in places.into_iter().rev() {
        if FIELD.find(&line[place..]).is_some_and(|field| field.start() == 0) {
            line.insert(place + 1, ' ');
        }
    }
    line
}

pub fn garden(notes: &Notes, report: &mut Report) {
    for page in &notes.pages {
        let (mut depth, mut block) = (0, Vec::new());
        for (event, range) in fences::parser(&page.body) {
            depth += match event {
                Event::Start(_) => 1,
                Event::End(_) => -1,
                _ => 0,
            };
            block.push(event);
            if depth > 0 {
                continue;
            }
            // A block of code has one line of HTML for each line of Markdown. The first line is the
            // one under the fence.
            let mut rendered = String::new();
            let is_code = page.fences.iter().any(|fence| fence.range.start == range.start);
            html::push_html(&mut rendered, block.drain(..));
            for (index, line) in rendered.lines().enumerate() {
                if let Some(field) = FIELD.find(line) {
                    let offset = if is_code { index + 1 } else { 0 };
                    let (field, published) = (field.as_str(), published(field.as_str()));
                    let message = format!(
                        "a space must stand after the parenthesis of `{field}`, of which Digital Garden publishes only \
                         `{published}` (in excerpts `just notes-sync` puts it)"
                    );
                    report.add(&page.file, page.line(range.start) + offset, message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_space_is_enough_and_only_where_it_is_needed() {
        let cases = [
            ("Arc::new(Mutex::new(x))", "Arc::new( Mutex::new(x))"),
            ("a(b(c::d(e)))", "a(b( c::d(e)))"),
            ("f(x::y(z), u::v)", "f( x::y(z), u::v)"),
            ("f(std::mem::take(\n    x))", "f(std::mem::take(\n    x))"),
            ("f(a, b::c)", "f(a, b::c)"),
        ];
        for (code, safe) in cases {
            assert_eq!(garden_safe(code), safe);
            assert_eq!(garden_safe(safe), safe, "a second time changes nothing");
            assert!(safe.lines().all(|line| published(line) == line), "{safe}");
        }
        assert_eq!(published("Arc::new(Mutex::new(x))"), "Arc::newnew(x)");
    }
}
