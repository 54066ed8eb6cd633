//! Two servers against each other: ratios within a round, in which the machine was nearly the same
//! for both.

use std::fmt;

use measure::Median;
use serde::Serialize;

use super::Report;

/// The rounds of one server: a report for each, unless that round counts for nothing.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    pub(crate) closed: Vec<Option<Report>>,
    pub(crate) open: Vec<Option<Report>>,
}

/// Two rows, and what the first takes as a part of what the second does.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    servers: String,
    /// Processor time a delivery, in the closed loop.
    cpu: Option<Median>,
    /// The 99th percentile at the equal rate.
    p99_at_equal_rate: Option<Median>,
}

impl Pair {
    pub(crate) fn new(servers: String, one: &Rounds, two: &Rounds) -> Self {
        let p99 = |report: &Report| Some(report.latency_us.p99);
        Pair {
            servers,
            cpu: paired(&one.closed, &two.closed, |report| report.cpu_us_per_delivery),
            p99_at_equal_rate: paired(&one.open, &two.open, p99),
        }
    }
}

/// The median of the ratios of a figure over the rounds that count for both. The kernel counts
/// processor time in steps of 10 ms, so a figure may be zero: a ratio to it tells nothing.
pub(crate) fn paired<R>(one: &[Option<R>], two: &[Option<R>], figure: impl Fn(&R) -> Option<f64>) -> Option<Median> {
    let figure = |report: &Option<R>| figure(report.as_ref()?);
    let ratios = one.iter().zip(two).filter_map(|(one, two)| Some(figure(one)? / figure(two)?));
    Median::of(ratios.filter(|ratio| ratio.is_finite()))
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = |ratio: &Option<Median>| ratio.as_ref().map_or_else(|| "–".to_owned(), Median::to_string);
        let (cpu, p99) = (ratio(&self.cpu), ratio(&self.p99_at_equal_rate));
        write!(f, "{}: CPU a delivery {cpu}, p99 at equal rate {p99}", self.servers)
    }
}

#[cfg(test)]
mod tests {
    use super::paired;

    #[test]
    fn a_ratio_is_of_two_runs_of_one_round_that_both_count() {
        let ratio = |one: &[Option<f64>], two: &[Option<f64>]| paired(one, two, |figure| Some(*figure));
        let one = [Some(4.0), None, Some(1.0), Some(0.0), Some(3.0), Some(4.0)];
        let two = [Some(1.0), Some(1.0), Some(1.0), Some(0.0), Some(0.0), Some(2.0)];
        let found = ratio(&one, &two).map(|ratio| ratio.to_string());
        assert_eq!(found.as_deref(), Some("2.00 (1.00 to 4.00 in 3 rounds)"));
        assert_eq!(ratio(&[None], &[Some(1.0)]), None);
        assert_eq!(paired(&[Some(())], &[Some(())], |()| None), None);
    }
}
