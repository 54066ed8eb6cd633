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
pub(crate) fn paired(
    one: &[Option<Report>],
    two: &[Option<Report>],
    figure: impl Fn(&Report) -> Option<f64>,
) -> Option<Median> {
    let figure = |report: &Option<Report>| figure(report.as_ref()?);
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
