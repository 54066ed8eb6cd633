//! A row: its subjects take turns, round after round, and the figures are compared. The statistics
//! are those of the crate `measure`.

use measure::{Compared, Median, Outcome, Plan, Round, ratio};

use super::{
    rows::{Row, What},
    subjects::Subject,
};

/// A row with its figures.
pub struct Measured {
    /// The table that it belongs to.
    pub table: &'static str,
    /// The row that was measured.
    pub row: &'static Row,
    /// Each chosen subject with its median; `None` if the row does not apply to it.
    pub subjects: Vec<(&'static str, Option<Median>)>,
    /// The number of rounds.
    pub rounds: usize,
    /// The peer with the lowest figure in `beside_ours`.
    pub best_peer: Option<&'static str>,
    /// The ratio of each subject to the last stage: the median over the rounds that both have.
    /// Rounds differ in speed, so medians over different rounds must not be compared. Without a
    /// stage, and for system calls, which may be zero, it is the median of the subject's figures.
    beside_ours: Vec<f64>,
    /// The last stage compared with the best peer.
    pub compared: Option<Compared>,
    /// The last stage compared with the stage before it: what its idea is worth.
    pub step: Option<Compared>,
}

/// System calls differ with how threads meet. The median of three rounds is enough.
const OF_CALLS: usize = 3;
/// A peer that is at most this much slower than the best one may still turn out to be the best.
const CLOSE: f64 = 1.05;

/// Measures a row. `figure` returns the figure of a subject in a round; the first round is 1.
pub fn measure(
    table: &'static str,
    row: &'static Row,
    subjects: &[&Subject],
    asked: Option<u32>,
    mut figure: impl FnMut(&Subject, usize) -> Result<f64, String>,
) -> Result<Measured, String> {
    let plan = match (row.what, asked) {
        (What::Bytes | What::Allocations, _) => Plan::exactly(1),
        (What::Calls, _) => Plan::exactly(OF_CALLS),
        (_, Some(asked)) => Plan::exactly(asked as usize),
        (_, None) => Plan::until_narrow(row.what.decided_by()),
    };
    let rounds = plan.run(
        subjects.iter().map(|subject| subject.load(row.load).is_some()).collect(),
        |subject, round| figure(subjects[subject], round + 1),
        |rounds| {
            let measured = Measured::new(table, row, subjects, rounds);
            measured.too_wide().then(|| measured.contenders())
        },
    )?;
    Ok(Measured::new(table, row, subjects, &rounds))
}

impl Measured {
    /// Compares the figures of these rounds.
    pub fn new(table: &'static str, row: &'static Row, subjects: &[&Subject], rounds: &[Round]) -> Self {
        let of = |index: usize| Median::of(rounds.iter().filter_map(|round| round[index]));
        let medians: Vec<_> = (0..subjects.len()).map(of).collect();
        let carries = |&index: &usize| medians[index].is_some();
        let mut stages = (0..subjects.len()).rev().filter(|index| subjects[*index].ours).filter(carries);
        let (ours, before) = (stages.next(), stages.next());
        let ours = ours.filter(|_| row.what != What::Calls);
        let rounded = |figure| row.what.rounded(figure);
        let to = |one: usize, other: usize| {
            let ratio = |round: &Round| Some(ratio(rounded(round[one]?), rounded(round[other]?)));
            Median::of(rounds.iter().filter_map(ratio))
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
            let outcome = if row.what.is_count() {
                Outcome::of_count(ratio.value)
            } else {
                Outcome::of(&ratio, row.what.decided_by())
            };
            Some(Compared { ours: subjects[ours].name, other: subjects[other].name, ratio, outcome })
        };
        let (compared, step) = (beside(peer), beside(before));
        let best_peer = peer.map(|peer| subjects[peer].name);
        let subjects = subjects.iter().map(|subject| subject.name).zip(medians).collect();
        Measured { table, row, subjects, rounds: rounds.len(), best_peer, beside_ours, compared, step }
    }

    /// Both comparisons, if they were made.
    fn comparisons(&self) -> impl Iterator<Item = &Compared> {
        self.compared.iter().chain(&self.step)
    }

    /// Whether the interval of a ratio is too wide for a verdict.
    pub fn too_wide(&self) -> bool {
        self.comparisons().any(|compared| self.row.what.decided_by().is_too_wide(&compared.ratio))
    }

    /// The subjects that need more rounds: the compared stages, and every peer that may be the
    /// best.
    pub fn contenders(&self) -> Vec<bool> {
        let contends = |(name, _): &(&'static str, Option<Median>)| {
            self.comparisons().any(|compared| [compared.ours, compared.other].contains(name))
                || self.to_best(name).is_some_and(|ratio| ratio <= CLOSE)
        };
        self.subjects.iter().map(contends).collect()
    }

    /// The ratio of a subject to the best peer, from their ratios to the last stage.
    pub fn to_best(&self, name: &str) -> Option<f64> {
        let of = |name: &str| self.subjects.iter().position(|(of, _)| *of == name).map(|index| self.beside_ours[index]);
        Some(of(name)? / of(self.best_peer?)?).filter(|ratio| ratio.is_finite())
    }

    /// The median of a subject.
    pub fn median(&self, name: &str) -> Option<Median> {
        self.subjects.iter().find(|(of, _)| *of == name).and_then(|(_, median)| *median)
    }
}
