//! The ratio of two figures of one round, and the rule by which a row is won, tied or lost.

use std::fmt;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::Median;

/// Divides one figure by another figure of the same round. Equal figures have the ratio 1,
/// also if both are zero.
pub fn ratio(one: f64, other: f64) -> f64 {
    if one == other { 1.0 } else { one / other }
}

/// Ours beside another subject.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The name of ours.
    pub ours: &'static str,
    /// The name of the other subject.
    pub other: &'static str,
    /// Our figure divided by the other one, the median over the rounds that both have.
    pub ratio: Median,
    /// The verdict.
    pub outcome: Outcome,
}

/// Whether the program or the kernel dominates a figure. The kernel's figures vary more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DecidedBy {
    /// Our program.
    Program,
    /// The kernel as well: a thread wakes another one.
    Kernel,
}

impl DecidedBy {
    /// Whether the interval of a ratio is too wide to judge by.
    pub fn is_too_wide(self, ratio: &Median) -> bool {
        self.is_too_wide_from(ratio.low, ratio.high)
    }

    fn is_too_wide_from(self, low: f64, high: f64) -> bool {
        let widest = match self {
            DecidedBy::Program => 0.10,
            DecidedBy::Kernel => 0.20,
        };
        high - low > widest
    }

    /// An interval that is too wide after this many rounds stays too wide.
    pub fn most_rounds(self) -> usize {
        match self {
            DecidedBy::Program => 241,
            DecidedBy::Kernel => 361,
        }
    }
}

/// The verdict on the ratio of our figure to another subject's. Less is better.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The interval is below 1.00.
    Won,
    /// The interval is not below 1.00, and it overlaps 0.97 to 1.03.
    Tied,
    /// The interval is above 1.03, or too wide to judge by.
    Lost,
    /// There are too few rounds for an interval.
    Few,
}

impl Outcome {
    /// Judges by the interval of a ratio.
    pub fn of(ratio: &Median, by: DecidedBy) -> Outcome {
        if ratio.is_interval { Outcome::between(ratio.low, ratio.high, by) } else { Outcome::Few }
    }

    /// Judges a ratio of counts, as bytes: a count is exact, and one round is enough.
    pub fn of_count(ratio: f64) -> Outcome {
        Outcome::between(ratio, ratio, DecidedBy::Program)
    }

    fn between(low: f64, high: f64, by: DecidedBy) -> Outcome {
        if by.is_too_wide_from(low, high) {
            Outcome::Lost
        } else if high < 1.0 {
            Outcome::Won
        } else if low <= 1.03 && high >= 0.97 {
            Outcome::Tied
        } else {
            Outcome::Lost
        }
    }

    /// How its word looks on a terminal.
    pub fn style(self) -> Style {
        let colour = match self {
            Outcome::Won => AnsiColor::Green,
            Outcome::Tied => AnsiColor::Yellow,
            Outcome::Lost => AnsiColor::Red,
            Outcome::Few => AnsiColor::BrightBlack,
        };
        Style::new().bold().fg_color(Some(colour.into()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Won => "won",
            Outcome::Tied => "tied",
            Outcome::Lost => "lost",
            Outcome::Few => "few",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(low: f64, high: f64) -> Median {
        Median { value: f64::midpoint(low, high), low, high, rounds: 11, is_interval: true }
    }

    #[test]
    fn a_row_is_won_tied_or_lost_by_its_interval() {
        use DecidedBy::{Kernel, Program};
        let outcome = |low, high, by| Outcome::of(&between(low, high), by);
        assert_eq!(outcome(0.90, 0.99, Program), Outcome::Won);
        assert_eq!(outcome(0.95, 1.01, Program), Outcome::Tied);
        assert_eq!(outcome(1.02, 1.08, Program), Outcome::Tied);
        assert_eq!(outcome(1.04, 1.08, Program), Outcome::Lost);
        assert_eq!(outcome(0.80, 0.95, Program), Outcome::Lost, "too wide");
        assert_eq!(outcome(0.80, 0.95, Kernel), Outcome::Won);
        assert_eq!(outcome(0.70, 0.95, Kernel), Outcome::Lost, "too wide");
        assert_eq!(outcome(f64::INFINITY, f64::INFINITY, Program), Outcome::Lost);
    }

    #[test]
    fn without_an_interval_there_is_no_verdict() {
        let few = Median { is_interval: false, ..between(0.5, 0.5) };
        assert_eq!(Outcome::of(&few, DecidedBy::Program), Outcome::Few);
    }

    #[test]
    fn a_count_is_judged_by_itself() {
        let outcomes = [0.99, 1.0, 1.03, 1.04, f64::INFINITY].map(Outcome::of_count);
        assert_eq!(outcomes, [Outcome::Won, Outcome::Tied, Outcome::Tied, Outcome::Lost, Outcome::Lost]);
    }

    #[test]
    fn equal_figures_have_the_ratio_one() {
        assert_eq!([ratio(1.0, 2.0), ratio(3.0, 3.0), ratio(0.0, 0.0)], [0.5, 1.0, 1.0]);
        assert_eq!(ratio(1.0, 0.0), f64::INFINITY);
    }

    #[test]
    fn an_outcome_is_one_word_as_text_and_as_json() {
        for outcome in [Outcome::Won, Outcome::Tied, Outcome::Lost, Outcome::Few] {
            assert_eq!(serde_json::to_string(&outcome).unwrap(), format!("\"{outcome}\""));
        }
    }
}
