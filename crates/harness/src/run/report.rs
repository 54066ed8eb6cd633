//! The report of a failed check: what must hold, what was observed, why it matters, and the page of
//! the notes to read.

use std::env;

use super::{check::Check, child::Outcome};

/// What a person reads of a check that does not hold, in eight lines at the most: what must hold,
/// what was observed, why it matters, where that comes from, and the page of the notes that
/// explains it.
pub fn report<S>(check: &Check<S>, outcome: &Outcome) -> String {
    let observed = outcome.observed();
    let mut lines = observed.lines();
    let mut text = format!("{} ({}): {}\n", check.id, check.level.word(), check.must);
    text += &format!("  observed: {}\n", lines.next().unwrap_or_default());
    for line in lines.take(3) {
        text += &format!("            {line}\n");
    }
    text += &format!("  why:      {}\n  source:   {}\n  read on:  {}", check.why, check.source, page(check.id));
    text
}

/// Where the notes explain a check, in the reader's language.
pub(crate) fn page(id: &str) -> String {
    let spanish = env::var("LANG").is_ok_and(|language| language.starts_with("es"));
    format!("notes/{}/contrato.md#{}", if spanish { "es" } else { "en" }, id.to_lowercase())
}
