//! Grading: a file that a student submits as a lesson's exercise is built in a copy of this
//! checkout. The checks of that exercise judge it, under a deadline and a memory limit.

mod build;
mod checkout;
mod graded;
mod order;
mod run;

use std::fs;

use anstream::adapter::strip_str;
pub use checkout::Checkout;
pub use graded::{Graded, Judged, Step};
use indicatif::ProgressBar;
use order::secs;
pub use order::{Limits, Order};

/// Builds the file, runs the checks on it, and returns the result of each.
///
/// A file that does not compile, hangs or crashes is a result, not an error. This call also limits
/// the memory of this process from now on, because its child processes inherit the limit. The
/// message of `bar` shows the progress.
///
/// # Errors
///
/// One line for a person: the lesson, file or step does not exist, or the checkout itself does not
/// build.
pub fn grade(checkout: &Checkout, order: &Order, bar: &ProgressBar) -> Result<Graded, String> {
    let lesson = checkout.lesson(&order.lesson)?;
    let shown = order.file.display().to_string();
    let text = match fs::metadata(&order.file) {
        Ok(file) if !file.is_file() => Err("it is no file".to_owned()),
        Ok(_) => fs::read(&order.file).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let text = text.map_err(|error| format!("cannot read {shown}: {error}"))?;
    let named = |text: &str| text.replace(&lesson.built_as(), &shown);
    let graded = |errors, checks| Graded::new(order, errors, checks);

    bar.set_message(format!("{shown}: building"));
    let copy = checkout.copy(&lesson, &text).map_err(|error| format!("cannot copy the checkout: {error}"))?;
    let built = build::build(checkout, &copy, &lesson, secs(order.limits.build_seconds))?;
    let program = match built {
        Ok(program) => program,
        Err(errors) => return Ok(graded(Some(named(&errors)), Vec::new())),
    };
    let folder = checkout.folder().map_err(|error| format!("cannot make a folder for the run: {error}"))?;
    let own = folder.take(&program).map_err(|error| format!("cannot copy {}: {error}", program.display()))?;
    // Unlocks the copy, so that another run can build while this one runs its checks.
    drop(copy);

    let mut checks = run::run(&own, order, bar)?;
    for check in &mut checks {
        // The program's text will be printed on a terminal, so escape sequences are removed.
        check.observed = named(&strip_str(&check.observed).to_string());
    }
    Ok(graded(None, checks))
}
