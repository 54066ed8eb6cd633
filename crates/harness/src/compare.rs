//! Comparing speeds: the same load on ours and on the peers, each subject in a process of its own,
//! the processes in turn. What counts is the ratio within a turn, since a machine may slow down by
//! half from one minute to the next.

use std::{
    env,
    fmt::Write as _,
    process::{Command, ExitCode},
    time::Instant,
};

/// What a subject does, so many times.
pub type Load = fn(u64);

/// A load, and who carries it: the first subject is ours, the others are the peers.
pub struct Row {
    /// What is measured.
    pub name: &'static str,
    /// How often a subject is to do it in one run: enough for some tens of milliseconds.
    pub times: u64,
    /// Their names, and what each does.
    pub subjects: Vec<(&'static str, Load)>,
    /// Whether the kernel has a part in it: then the interval may be twice as wide, and a tie is as
    /// good as can be.
    pub kernel: bool,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The interval of the ratio lies below one.
    Won,
    /// It does not, and overlaps 0.97 to 1.03.
    Tied,
    /// It lies above, or is too wide to tell.
    Lost,
}

/// The middle of some figures, and where the middle of all figures lies with 95 % certainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    /// The middle.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Tells a run apart: which row and which subject.
const RUN: &str = "HARNESS_COMPARE_RUN";
const FIRST_PAIRS: usize = 11;
const MOST_PAIRS: usize = 241;

/// Measures all rows, or those whose names contain an argument, and prints a table; with `--json`
/// one object a row. Exit code 1 if a row is lost. (Other flags are cargo's, and ignored.)
pub fn compare(rows: &[Row]) -> ExitCode {
    if let Ok(run) = env::var(RUN) {
        return subject(rows, &run);
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let mut lost = false;
    for (number, row) in rows.iter().enumerate() {
        if !words.is_empty() && !words.iter().any(|word| row.name.contains(*word)) {
            continue;
        }
        let turns = match turns(number, row) {
            Ok(turns) => turns,
            Err(why) => {
                eprintln!("error: {}: {why}", row.name);
                return ExitCode::FAILURE;
            }
        };
        let result = Compared::new(row, &turns);
        lost |= result.outcome == Outcome::Lost;
        println!("{}", if json { result.json() } else { result.text() });
    }
    if lost { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// One run of one subject: prints how many nanoseconds each time took.
fn subject(rows: &[Row], run: &str) -> ExitCode {
    let numbers = run.split_once(' ').and_then(|(row, subject)| Some((row.parse().ok()?, subject.parse().ok()?)));
    let found = numbers.and_then(|(row, subject): (usize, usize)| Some((rows.get(row)?, subject)));
    let Some((row, (_, load))) = found.and_then(|(row, subject)| Some((row, row.subjects.get(subject)?))) else {
        return ExitCode::from(2);
    };
    load(row.times / 10 + 1);
    let begin = Instant::now();
    load(row.times);
    println!("{}", begin.elapsed().as_secs_f64() * 1e9 / row.times as f64);
    ExitCode::SUCCESS
}

/// The figures of each turn, one for each subject.
fn turns(number: usize, row: &Row) -> Result<Vec<Vec<f64>>, String> {
    let mut turns: Vec<Vec<f64>> = Vec::new();
    loop {
        for turn in turns.len()..turns.len() + FIRST_PAIRS - 1 + usize::from(turns.is_empty()) {
            let mut figures = vec![0.0; row.subjects.len()];
            // Each begins as often as the others.
            for step in 0..figures.len() {
                let subject = (turn + step) % figures.len();
                figures[subject] = run(number, subject)?;
            }
            turns.push(figures);
        }
        let compared = Compared::new(row, &turns);
        if !compared.too_wide() || turns.len() >= MOST_PAIRS {
            return Ok(turns);
        }
    }
}

fn run(row: usize, subject: usize) -> Result<f64, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(this).env(RUN, format!("{row} {subject}")).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let figure = said.trim().parse().ok().filter(|_| output.status.success());
    figure.ok_or_else(|| format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// A row with its figures.
struct Compared<'a> {
    row: &'a Row,
    turns: usize,
    medians: Vec<Median>,
    /// The peer with the lowest median.
    best: usize,
    ratio: Median,
    outcome: Outcome,
}

impl<'a> Compared<'a> {
    fn new(row: &'a Row, turns: &[Vec<f64>]) -> Self {
        let of = |subject: usize| turns.iter().map(move |turn| turn[subject]).collect();
        let medians: Vec<Median> = (0..row.subjects.len()).map(|subject| median(of(subject))).collect();
        let best = (1..medians.len()).min_by(|&a, &b| medians[a].value.total_cmp(&medians[b].value)).unwrap_or(0);
        let ratio = median(turns.iter().map(|turn| turn[0] / turn[best]).collect());
        Compared { row, turns: turns.len(), medians, best, ratio, outcome: outcome(ratio, row.kernel) }
    }

    fn too_wide(&self) -> bool {
        too_wide(self.ratio, self.row.kernel)
    }

    fn text(&self) -> String {
        let mut text = format!("{:<58}", self.row.name);
        for ((name, _), median) in self.row.subjects.iter().zip(&self.medians) {
            let _ = write!(text, "{name} {:>7.1} ns  ", median.value);
        }
        let Median { value, low, high } = self.ratio;
        let _ = write!(text, "ratio {value:.2} ({low:.2} to {high:.2}, {} turns)  {:?}", self.turns, self.outcome);
        text
    }

    fn json(&self) -> String {
        let subjects = self.row.subjects.iter().zip(&self.medians);
        let subjects = subjects.map(|((name, _), median)| format!("{name:?}:{:.3}", median.value));
        let Median { value, low, high } = self.ratio;
        format!(
            "{{\"row\":{:?},\"ns\":{{{}}},\"best_peer\":{:?},\"turns\":{},\"ratio\":{value:.4},\"low\":{low:.4},\
             \"high\":{high:.4},\"outcome\":{:?}}}",
            self.row.name,
            subjects.collect::<Vec<_>>().join(","),
            self.row.subjects[self.best].0,
            self.turns,
            format!("{:?}", self.outcome).to_lowercase(),
        )
    }
}

/// Whether an interval says too little.
pub fn too_wide(ratio: Median, kernel: bool) -> bool {
    ratio.high - ratio.low > if kernel { 0.20 } else { 0.10 }
}

/// Won, tied or lost, by the interval of the ratio.
pub fn outcome(ratio: Median, kernel: bool) -> Outcome {
    if too_wide(ratio, kernel) {
        Outcome::Lost
    } else if ratio.high < 1.0 {
        Outcome::Won
    } else if ratio.low <= 1.03 && ratio.high >= 0.97 {
        Outcome::Tied
    } else {
        Outcome::Lost
    }
}

/// The median, and the interval that its rank has with 95 % certainty, whatever the distribution:
/// of n figures as many lie below the true median as of n coins show heads.
///
/// # Panics
///
/// If there is no figure.
pub fn median(mut figures: Vec<f64>) -> Median {
    figures.sort_by(f64::total_cmp);
    let n = figures.len();
    // The chance that at most so many figures lie below.
    let (mut chance, mut below, mut rank) = (0.5_f64.powi(n as i32), 0.0, 0);
    while rank < n / 2 && below + chance <= 0.025 {
        below += chance;
        chance *= (n - rank) as f64 / (rank + 1) as f64;
        rank += 1;
    }
    let rank = rank.saturating_sub(1);
    let value = (figures[(n - 1) / 2] + figures[n / 2]) / 2.0;
    Median { value, low: figures[rank], high: figures[n - 1 - rank] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_median_is_that_of_its_rank() {
        let upto = |n: u32| median((1..=n).rev().map(f64::from).collect());
        // From tables of the sign test: 6 figures: all of them; 11: the 2nd to the 10th; 20: the
        // 6th to the 15th.
        assert_eq!(upto(6), Median { value: 3.5, low: 1.0, high: 6.0 });
        assert_eq!(upto(11), Median { value: 6.0, low: 2.0, high: 10.0 });
        assert_eq!(upto(20), Median { value: 10.5, low: 6.0, high: 15.0 });
        assert_eq!(upto(1), Median { value: 1.0, low: 1.0, high: 1.0 });
    }

    #[test]
    fn a_row_is_won_tied_or_lost_by_its_interval() {
        let ratio = |low, high| Median { value: (low + high) / 2.0, low, high };
        assert_eq!(outcome(ratio(0.90, 0.99), false), Outcome::Won);
        assert_eq!(outcome(ratio(0.95, 1.01), false), Outcome::Tied);
        assert_eq!(outcome(ratio(1.02, 1.08), false), Outcome::Tied);
        assert_eq!(outcome(ratio(1.04, 1.08), false), Outcome::Lost);
        assert_eq!(outcome(ratio(0.80, 0.95), false), Outcome::Lost);
        assert_eq!(outcome(ratio(0.80, 0.95), true), Outcome::Won);
    }
}
