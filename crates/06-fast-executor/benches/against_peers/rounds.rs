//! A row: its subjects in turn, round after round, and what comes of that. The statistics are those
//! of the crate `measure`.

use measure::{Compared, Median, Outcome, Plan, Round, ratio};

use super::{
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

/// System calls differ with how threads meet. The median of three rounds is enough.
const OF_CALLS: usize = 3;
/// Peers that are at most so much slower than the best one may yet turn out to be the best.
const CLOSE: f64 = 1.05;

/// Measures a row: `figure` gives that of a subject in a round, the first of which is 1.
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
    /// What comes of these rounds.
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

    /// Both comparisons, as far as they are there.
    fn comparisons(&self) -> impl Iterator<Item = &Compared> {
        self.compared.iter().chain(&self.step)
    }

    /// Whether the interval of a ratio says too little.
    pub fn too_wide(&self) -> bool {
        self.comparisons().any(|compared| self.row.what.decided_by().is_too_wide(&compared.ratio))
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
