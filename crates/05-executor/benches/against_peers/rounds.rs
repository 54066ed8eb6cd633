//! A row: its subjects in turn, round after round, and what comes of that. The statistics are those
//! of `harness::compare`.

use harness::compare::{Median, Outcome, median, outcome, too_wide};

use super::{
    Target,
    rows::{Row, What},
    subjects::Subject,
};

/// A row with its figures.
pub struct Measured {
    /// The table.
    pub table: &'static str,
    /// The row.
    pub row: &'static Row,
    /// Each subject that was asked for; `None` where the row does not apply.
    pub subjects: Vec<(&'static str, Option<Median>)>,
    /// How many rounds there were.
    pub rounds: usize,
    /// The peer with the lowest of `beside_ours`.
    pub best_peer: Option<&'static str>,
    /// Each subject's figure to that of the last stage, the median over the rounds that both have:
    /// the machine may be slower in rounds that not all of them have. Without a stage, or if it is
    /// system calls, which may be none, the median of its figures.
    beside_ours: Vec<f64>,
    /// The last stage beside it, if both are there.
    pub compared: Option<Compared>,
    /// The last stage beside the stage before it, if both are there: what its step has brought. All
    /// of a table have as many threads.
    pub step: Option<Compared>,
}

/// The last stage beside another subject.
pub struct Compared {
    /// The last stage that carries the row.
    pub ours: &'static str,
    /// The other one.
    pub other: &'static str,
    /// Its figure to the other one's, round by round.
    pub ratio: Median,
    /// By the interval of the ratio; `None` if there are too few rounds for one.
    pub outcome: Option<Outcome>,
}

/// Of fewer rounds, not even the lowest and the highest figure enclose the true median with 95 %
/// certainty.
const FEWEST: usize = 6;
/// The fewest rounds whose interval is not simply from the lowest to the highest ratio.
const FIRST: usize = 11;
/// An interval that is too wide after so many stays it.
const MOST: usize = 181;
/// The same where the kernel decides.
const MOST_OF_KERNEL: usize = 361;
/// Of what is counted, the median of three is enough: threads may meet in one way or another.
const OF_CALLS: usize = 3;
/// Peers that are at most so much slower than the best one may yet turn out to be the best.
const CLOSE: f64 = 1.05;

/// Each round's figure of each subject, if it took part.
type Rounds = Vec<Vec<Option<f64>>>;

/// Measures a row: `figure` gives that of a subject in a round, the first of which is 1.
pub fn measure(
    table: &'static str,
    row: &'static Row,
    subjects: &[&Subject],
    asked: Option<u32>,
    mut figure: impl FnMut(&Subject, usize) -> Result<f64, String>,
) -> Result<Measured, String> {
    let first = match (row.what, asked) {
        (What::Bytes | What::Allocations, _) => 1,
        (What::Calls, _) => OF_CALLS,
        (_, Some(asked)) => asked as usize,
        (_, None) => FIRST,
    };
    let mut taking_part: Vec<bool> = subjects.iter().map(|subject| subject.load(row.load).is_some()).collect();
    let most = if row.what == What::KernelNanos { MOST_OF_KERNEL } else { MOST };
    let mut rounds = Rounds::new();
    let mut more = first;
    loop {
        for _ in 0..more {
            rounds.push(round(subjects, &taking_part, rounds.len(), &mut figure)?);
        }
        let measured = Measured::new(table, row, subjects, &rounds);
        if !measured.too_wide() || asked.is_some() || rounds.len() >= most {
            return Ok(measured);
        }
        taking_part = measured.contenders();
        more = FIRST - 1;
    }
}

/// One run of each subject that takes part. Each begins as often as the others.
fn round(
    subjects: &[&Subject],
    taking_part: &[bool],
    number: usize,
    figure: &mut impl FnMut(&Subject, usize) -> Result<f64, String>,
) -> Result<Vec<Option<f64>>, String> {
    let mut figures = vec![None; subjects.len()];
    for step in 0..subjects.len() {
        let index = (number + step) % subjects.len();
        if taking_part[index] {
            figures[index] = Some(figure(subjects[index], number + 1)?);
        }
    }
    Ok(figures)
}

/// Whether so many rounds are enough for an interval. A count needs none.
fn has_intervals(row: &Row, rounds: usize) -> bool {
    row.target() == Target::Counted || rounds >= FEWEST
}

impl Measured {
    /// What comes of these rounds.
    pub fn new(table: &'static str, row: &'static Row, subjects: &[&Subject], rounds: &[Vec<Option<f64>>]) -> Self {
        let of = |index: usize| rounds.iter().filter_map(|round| round[index]).collect::<Vec<f64>>();
        let medians: Vec<_> =
            (0..subjects.len()).map(|index| Some(of(index)).filter(|of| !of.is_empty()).map(median)).collect();
        let carries = |&index: &usize| medians[index].is_some();
        let mut stages = (0..subjects.len()).rev().filter(|index| subjects[*index].ours).filter(carries);
        let (ours, before) = (stages.next(), stages.next());
        let ours = ours.filter(|_| row.what != What::Calls);
        let ratio = |one: f64, other: f64| match [one, other].map(|figure| row.what.rounded(figure)) {
            // Both may be none.
            [one, other] if one == other => 1.0,
            [one, other] => one / other,
        };
        let to = |one: usize, other: usize| {
            let both: Vec<f64> = rounds.iter().filter_map(|round| Some(ratio(round[one]?, round[other]?))).collect();
            Some(both).filter(|both| !both.is_empty()).map(median)
        };
        let beside_ours = (0..subjects.len()).map(|index| ours.map_or(medians[index], |ours| to(index, ours)));
        let beside_ours: Vec<f64> =
            beside_ours.map(|found| found.map_or(f64::INFINITY, |median| median.value)).collect();
        let is_peer = |index: &usize| !subjects[*index].ours && subjects[*index].has_tasks;
        let peers = (0..subjects.len()).filter(is_peer).filter(carries);
        let peer = peers.min_by(|&a, &b| beside_ours[a].total_cmp(&beside_ours[b]));
        let beside = |other: Option<usize>| {
            let (ours, other) = ours.zip(other)?;
            let ratio = to(ours, other)?;
            let outcome = has_intervals(row, rounds.len()).then(|| outcome(ratio, row.what == What::KernelNanos));
            Some(Compared { ours: subjects[ours].name, other: subjects[other].name, ratio, outcome })
        };
        let (compared, step) = (beside(peer), beside(before));
        let best_peer = peer.map(|peer| subjects[peer].name);
        let subjects = subjects.iter().map(|subject| subject.name).zip(medians).collect();
        Measured { table, row, subjects, rounds: rounds.len(), best_peer, beside_ours, compared, step }
    }

    /// Both comparisons, as far as they are there.
    fn comparisons(&self) -> impl Iterator<Item = &Compared> {
        self.compared.iter().chain(&self.step)
    }

    /// Whether there were enough rounds for intervals.
    pub fn has_intervals(&self) -> bool {
        has_intervals(self.row, self.rounds)
    }

    /// Whether the interval of a ratio says too little.
    pub fn too_wide(&self) -> bool {
        self.comparisons().any(|compared| too_wide(compared.ratio, self.row.what == What::KernelNanos))
    }

    /// For more rounds: the stages that are compared, and every peer that may be the best.
    pub fn contenders(&self) -> Vec<bool> {
        let contends = |(name, _): &(&'static str, Option<Median>)| {
            self.comparisons().any(|compared| [compared.ours, compared.other].contains(name))
                || self.to_best(name).is_some_and(|ratio| ratio <= CLOSE)
        };
        self.subjects.iter().map(contends).collect()
    }

    /// A subject's figure to that of the best peer, by what both are beside the last stage.
    pub fn to_best(&self, name: &str) -> Option<f64> {
        let of = |name: &str| self.subjects.iter().position(|(of, _)| *of == name).map(|index| self.beside_ours[index]);
        Some(of(name)? / of(self.best_peer?)?).filter(|ratio| ratio.is_finite())
    }

    /// The median of a subject.
    pub fn median(&self, name: &str) -> Option<Median> {
        self.subjects.iter().find(|(of, _)| *of == name).and_then(|(_, median)| *median)
    }
}
