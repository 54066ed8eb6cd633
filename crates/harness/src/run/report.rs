//! The text of a failed check, and the page of the notes that explains the check.

use std::env;

use super::{check::Check, child::Outcome};

/// The text that a person reads when a check fails, in at most eight lines. It says what must hold,
/// what was observed, why that matters, and where to read more.
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

/// The page of the notes that explains a check, in Spanish if `LANG` begins with `es`.
pub(crate) fn page(id: &str) -> String {
    let spanish = env::var("LANG").is_ok_and(|language| language.starts_with("es"));
    format!("notes/{}/contrato.md#{}", if spanish { "es" } else { "en" }, id.to_lowercase())
}
