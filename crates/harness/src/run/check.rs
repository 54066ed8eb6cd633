//! What a check is: a sentence that must hold, where it comes from, and a deterministic test of it.

use std::{fmt::Display, io, time::Duration};

/// One sentence of a contract, and the code that finds out whether it holds for a subject of type
/// `S`.
pub struct Check<S: ?Sized + 'static> {
    /// Its name, for ever: `E7`.
    pub id: &'static str,
    /// How much weight it has.
    pub level: Level,
    /// What must hold, in one sentence.
    pub must: &'static str,
    /// Why it matters to whoever uses the subject, in one sentence.
    pub why: &'static str,
    /// The public contract or bug on which it rests.
    pub source: &'static str,
    /// A check that takes longer than this hangs, and is reported as hanging.
    pub deadline: Duration,
    /// The test. It runs in a process of its own, so it may do there what it likes.
    pub run: fn(&S) -> Verdict,
}

impl<S: ?Sized> Check<S> {
    /// What is known of the check, without its test.
    pub(crate) fn facts(&self) -> Check<()> {
        let Check { id, level, must, why, source, deadline, .. } = *self;
        Check { id, level, must, why, source, deadline, run: |()| Ok(()) }
    }
}

/// The weight of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// The contract demands it.
    Must,
    /// Good subjects do it; in a matrix of foreign subjects a failure is a warning.
    Should,
    /// Subjects differ legitimately, and are held to what they declare.
    Policy,
}

impl Level {
    /// The word for it in a report.
    pub fn word(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Should => "should",
            Level::Policy => "policy",
        }
    }
}

/// What a check finds: it holds, or why the check stopped.
pub type Verdict = Result<(), Stop>;

/// Why a check stopped before its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stop {
    /// What must hold does not; the text says what was observed instead.
    Failed(String),
    /// The check cannot judge this subject; the text says why.
    NotApplicable(String),
    /// The subject is an exercise whose part is still a `todo!()`; the text is what that says.
    NotWritten(String),
}

impl Stop {
    /// The same, with what led to a failure put before what was observed then.
    pub(crate) fn after(self, what: &str) -> Self {
        match self {
            Stop::Failed(observed) => Stop::Failed(format!("{what}{observed}")),
            other => other,
        }
    }
}

/// Goes on if `condition` holds, and stops the check with what was `observed` if not.
///
/// # Errors
///
/// [`Stop::Failed`] with the text of `observed`, which is not even made if the condition holds.
pub fn holds<T: Display>(condition: bool, observed: impl FnOnce() -> T) -> Verdict {
    if condition { Ok(()) } else { Err(Stop::Failed(observed().to_string())) }
}

/// The check has found that what must hold does not.
pub(crate) fn failed<T>(observed: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed(observed.into()))
}

/// The check cannot judge this subject.
pub(crate) fn not_applicable<T>(why: &str) -> Result<T, Stop> {
    Err(Stop::NotApplicable(why.to_owned()))
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Failed(format!("the operating system refused: {error}"))
    }
}
