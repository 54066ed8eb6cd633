//! Two servers against each other: ratios within a round, in which the machine was nearly the same
//! for both.

use std::fmt;

use serde::Serialize;

use super::{
    Report,
    table::{Rounds, median},
};

/// Two rows, and what the first takes as a part of what the second does.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    servers: String,
    /// Processor time a delivery, in the closed loop.
    cpu: Option<Ratio>,
    /// The 99th percentile at the equal rate.
    p99_at_equal_rate: Option<Ratio>,
}

/// The median of a ratio over the rounds that count for both.
#[derive(Debug, PartialEq, Serialize)]
struct Ratio {
    median: f64,
    low: f64,
    high: f64,
    rounds: usize,
    /// Whether `low` and `high` are a confidence interval of 95 %; with fewer than six rounds there
    /// is none, and they are the least and the greatest.
    is_interval: bool,
}

impl Pair {
    pub(crate) fn new(servers: String, one: &Rounds, two: &Rounds) -> Self {
        let p99 = |report: &Report| Some(report.latency_us.p99);
        Pair {
            servers,
            cpu: Ratio::new(&one.closed, &two.closed, |report| report.cpu_us_per_delivery),
            p99_at_equal_rate: Ratio::new(&one.open, &two.open, p99),
        }
    }
}

impl Ratio {
    fn new(one: &[Option<Report>], two: &[Option<Report>], figure: impl Fn(&Report) -> Option<f64>) -> Option<Self> {
        let figure = |report: &Option<Report>| figure(report.as_ref()?);
        Ratio::of(one.iter().zip(two).filter_map(|(one, two)| Some(figure(one)? / figure(two)?)).collect())
    }

    fn of(mut ratios: Vec<f64>) -> Option<Self> {
        ratios.retain(|ratio| ratio.is_finite());
        ratios.sort_by(f64::total_cmp);
        let rounds = ratios.len();
        let cut = cut(rounds);
        let ends = cut.unwrap_or(0);
        Some(Ratio {
            median: median(ratios.iter().copied())?,
            low: *ratios.get(ends)?,
            high: *ratios.get(rounds - 1 - ends)?,
            rounds,
            is_interval: cut.is_some(),
        })
    }
}

/// How many of the sorted numbers may be left out at each end so that the rest still spans the true
/// median with at least 95 %, whatever the distribution; `None` if even all of them do not. Each
/// number lies below the median as a coin falls, so the median lies outside if at most so many
/// coins fall on one side: Conover, Practical Nonparametric Statistics, on confidence intervals for
/// a quantile.
fn cut(numbers: usize) -> Option<usize> {
    let mut outside = 0.0;
    let mut term = 2.0 * 0.5_f64.powi(numbers as i32);
    for left_out in 0..=numbers / 2 {
        outside += term;
        if outside > 0.05 {
            return left_out.checked_sub(1);
        }
        term *= (numbers - left_out) as f64 / (left_out + 1) as f64;
    }
    None
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = |ratio: &Option<Ratio>| ratio.as_ref().map_or_else(|| "–".to_owned(), Ratio::to_string);
        let (cpu, p99) = (ratio(&self.cpu), ratio(&self.p99_at_equal_rate));
        write!(f, "{}: CPU a delivery {cpu}, p99 at equal rate {p99}", self.servers)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ratio { median, low, high, rounds, is_interval } = self;
        match (rounds, is_interval) {
            (1, _) => write!(f, "{median:.2} (1 round)"),
            (_, true) => write!(f, "{median:.2} ({low:.2} to {high:.2}: 95 % of {rounds} rounds)"),
            (_, false) => write!(f, "{median:.2} ({low:.2} to {high:.2} in {rounds} rounds)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ratio, cut};

    /// The table of any book: 1 − 2 P(X ≤ k) of a binomial distribution with p = ½.
    #[test]
    fn the_interval_covers_95_percent_and_no_shorter_one_does() {
        let cuts = [None, None, None, None, None, None, Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), Some(2)];
        assert_eq!((0..13).map(cut).collect::<Vec<_>>(), cuts);
        assert_eq!((cut(20), cut(30)), (Some(5), Some(9)));
    }

    #[test]
    fn few_rounds_have_a_range_and_more_an_interval() {
        let ratio = |ratios: &[f64]| Ratio::of(ratios.to_vec()).map(|ratio| ratio.to_string()).unwrap_or_default();
        assert_eq!(ratio(&[]), "");
        assert_eq!(ratio(&[0.5]), "0.50 (1 round)");
        assert_eq!(ratio(&[4.0, 1.0, f64::NAN, 2.0]), "2.00 (1.00 to 4.00 in 3 rounds)");
        let nine = [9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0];
        assert_eq!(ratio(&nine), "5.00 (2.00 to 8.00: 95 % of 9 rounds)");
    }
}
