//! The median of some figures, and the interval that holds the true median with 95 %.

use std::{f64::consts::LN_2, fmt};

use serde::Serialize;

/// The median of a figure over some rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Median {
    /// The figure in the middle; for an even number of figures the mean of the two in the middle.
    #[serde(rename = "median")]
    pub value: f64,
    /// The lower end of the interval, or the least figure if there is no interval.
    pub low: f64,
    /// The upper end of the interval, or the greatest figure if there is no interval.
    pub high: f64,
    /// How many rounds have a figure.
    pub rounds: usize,
    /// Whether `low` and `high` hold the true median with 95 %. Fewer than six figures never do.
    pub is_interval: bool,
}

impl Median {
    /// The median of these figures; `None` if there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Median> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let rounds = figures.len();
        let last = rounds.checked_sub(1)?;
        let outside = outside(rounds);
        let end = outside.unwrap_or(0);
        Some(Median {
            value: f64::midpoint(figures[last / 2], figures[rounds / 2]),
            low: figures[end],
            high: figures[last - end],
            rounds,
            is_interval: outside.is_some(),
        })
    }
}

/// How many sorted figures the interval leaves out at each end; `None` if all figures together do
/// not reach 95 %.
///
/// These are the ranks of the sign test. Each figure is below the true median with chance one half,
/// whatever the distribution. So the interval without the `k` outer figures of each end misses the
/// true median if at most `k` of `n` coins fall on one side.
fn outside(figures: usize) -> Option<usize> {
    let mut missed = 0.0;
    // A logarithm, since 0.5 to the power of 1,100 is zero in an f64.
    let mut ln_chance = LN_2 * (1.0 - figures as f64);
    for heads in 0..=figures / 2 {
        missed += ln_chance.exp();
        if missed > 0.05 {
            return heads.checked_sub(1);
        }
        ln_chance += ((figures - heads) as f64 / (heads + 1) as f64).ln();
    }
    None
}

impl fmt::Display for Median {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Median { value, low, high, rounds, is_interval } = self;
        match (rounds, is_interval) {
            (1, _) => write!(f, "{value:.2} (1 round)"),
            (_, true) => write!(f, "{value:.2} ({low:.2} to {high:.2}: 95 % of {rounds} rounds)"),
            (_, false) => write!(f, "{value:.2} ({low:.2} to {high:.2} in {rounds} rounds)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are those of a table of the sign test: 1 − 2 P(X ≤ k) for coins.
    #[test]
    fn the_interval_covers_95_percent_and_no_shorter_one_does() {
        let ends = [None, None, None, None, None, None, Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), Some(2)];
        assert_eq!((0..13).map(outside).collect::<Vec<_>>(), ends);
        assert_eq!((outside(20), outside(30)), (Some(5), Some(9)));
        // Computed with whole numbers of any size.
        assert_eq!((outside(1_000), outside(2_000)), (Some(468), Some(955)));
    }

    #[test]
    fn the_interval_of_a_median_is_that_of_its_rank() {
        let up_to = |n: u32| Median::of((1..=n).rev().map(f64::from)).unwrap();
        let median = |value, low, high, rounds| Median { value, low, high, rounds, is_interval: rounds >= 6 };
        assert_eq!(up_to(6), median(3.5, 1.0, 6.0, 6));
        assert_eq!(up_to(11), median(6.0, 2.0, 10.0, 11));
        assert_eq!(up_to(20), median(10.5, 6.0, 15.0, 20));
        assert_eq!(up_to(5), median(3.0, 1.0, 5.0, 5));
        assert_eq!(up_to(1), median(1.0, 1.0, 1.0, 1));
        assert_eq!(Median::of([]), None);
    }

    #[test]
    fn few_rounds_have_a_range_and_more_an_interval() {
        let text = |figures: &[f64]| Median::of(figures.iter().copied()).unwrap().to_string();
        assert_eq!(text(&[0.5]), "0.50 (1 round)");
        assert_eq!(text(&[4.0, 1.0, 2.0]), "2.00 (1.00 to 4.00 in 3 rounds)");
        let nine = [9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0];
        assert_eq!(text(&nine), "5.00 (2.00 to 8.00: 95 % of 9 rounds)");
    }

    #[test]
    fn a_median_is_an_object_that_tells_an_interval_from_a_range() {
        let json = serde_json::to_string(&Median::of([2.0, 1.0, 4.0])).unwrap();
        assert_eq!(json, r#"{"median":2.0,"low":1.0,"high":4.0,"rounds":3,"is_interval":false}"#);
    }
}
