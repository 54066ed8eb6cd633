//! A check: one sentence that must hold, its public source, and a deterministic test of it.

use std::{fmt::Display, io, time::Duration};

/// One sentence of a contract, and the code that tests whether a subject of type `S` keeps it.
pub struct Check<S: ?Sized + 'static> {
    /// Its permanent name, such as `E7`.
    pub id: &'static str,
    /// How binding it is.
    pub level: Level,
    /// The rule, in one sentence.
    pub must: &'static str,
    /// Why it matters to the user of the subject, in one sentence.
    pub why: &'static str,
    /// A link to the public contract or bug report that it rests on.
    pub source: &'static str,
    /// A check that takes longer than this is reported as a hang.
    pub deadline: Duration,
    /// The test. It runs in its own process, so it may block, panic or use up memory.
    pub run: fn(&S) -> Verdict,
}

impl<S: ?Sized> Check<S> {
    /// A copy without the test, for a report.
    pub(crate) fn facts(&self) -> Check<()> {
        let Check { id, level, must, why, source, deadline, .. } = *self;
        Check { id, level, must, why, source, deadline, run: |()| Ok(()) }
    }
}

/// How binding a check is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// The contract demands it.
    Must,
    /// Good subjects do it. In a matrix of other people's subjects, a failure is a warning.
    Should,
    /// More than one behaviour is correct. Each subject declares its own and must keep to it.
    Policy,
}

impl Level {
    /// The level as a word in a report.
    pub fn word(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Should => "should",
            Level::Policy => "policy",
        }
    }
}

/// The result of a check: `Ok` if it holds, otherwise why the check stopped.
pub type Verdict = Result<(), Stop>;

/// Why a check stopped before its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stop {
    /// The check's sentence does not hold. The text says what was observed instead.
    Failed(String),
    /// The check cannot judge this subject. The text says why.
    NotApplicable(String),
    /// The check reached a `todo!()` of an exercise. The text is the message of that `todo!()`.
    NotWritten(String),
}

impl Stop {
    /// Puts `what` in front of the text of a failure; `what` describes the steps that led to it.
    pub(crate) fn after(self, what: &str) -> Self {
        match self {
            Stop::Failed(observed) => Stop::Failed(format!("{what}{observed}")),
            other => other,
        }
    }
}

/// `Ok` if `condition` is true. Otherwise the check fails with the text of `observed`.
///
/// # Errors
///
/// [`Stop::Failed`] with the text of `observed`, which is called only if `condition` is false.
pub fn holds<T: Display>(condition: bool, observed: impl FnOnce() -> T) -> Verdict {
    if condition { Ok(()) } else { Err(Stop::Failed(observed().to_string())) }
}

/// Ends the check as failed, with what it observed.
pub(crate) fn failed<T>(observed: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Failed(observed.into()))
}

/// Ends the check as not applicable to this subject, with the reason.
pub(crate) fn not_applicable<T>(why: &str) -> Result<T, Stop> {
    Err(Stop::NotApplicable(why.to_owned()))
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Failed(format!("the operating system refused: {error}"))
    }
}
