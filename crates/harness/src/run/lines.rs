//! The runner's results for another program: one JSON object per line on stdout, in place of
//! libtest's text.

use std::{env, fmt::Write};

use super::{check::Check, report::page};

/// This environment variable asks the runner for lines.
pub(crate) const ASKED: &str = "HARNESS_LINES";

/// The `outcome` of the line that says that a check begins.
pub(crate) const BEGUN: &str = "begun";

/// Whether this run must print lines: first one for each check, with an empty outcome; then one
/// when a check begins, and one when it ends.
pub(crate) fn asked() -> bool {
    env::var_os(ASKED).is_some()
}

pub(crate) fn print<S>(name: &str, check: &Check<S>, outcome: &str, observed: &str) {
    let fields = [
        ("name", name),
        ("id", check.id),
        ("level", check.level.word()),
        ("must", check.must),
        ("why", check.why),
        ("source", check.source),
        ("read_on", &page(check.id)),
        ("outcome", outcome),
        ("observed", observed),
    ];
    println!("{{{}}}", fields.map(|(key, text)| format!("\"{key}\":{}", quoted(text))).join(","));
}

/// `text` as a JSON string (RFC 8259, section 7).
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..' ' => write!(quoted, "\\u{:04x}", u32::from(character)).expect("writing to a String cannot fail"),
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_quoted_as_json_wants_it() {
        assert_eq!(quoted("a \"b\" \\ ñ\n\u{1b}[0m"), r#""a \"b\" \\ ñ\u000a\u001b[0m""#);
    }
}
