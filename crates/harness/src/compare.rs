//! Compares speeds: the same load runs on our subject and on the peers. Each run has its own
//! process, and the subjects take turns. The result is the ratio within a turn, because a machine's
//! speed may change by half from one minute to the next.

use std::{
    env,
    fmt::Write as _,
    process::{Command, ExitCode},
    time::Instant,
};

/// The measured function. Its argument is the number of repetitions.
pub type Load = fn(u64);

/// A row of the table: a load, and the subjects that run it. The first subject is ours, the others
/// are the peers.
pub struct Row {
    /// The name of the load.
    pub name: &'static str,
    /// The number of repetitions in one run: enough for some tens of milliseconds.
    pub times: u64,
    /// The name of each subject, and its load.
    pub subjects: Vec<(&'static str, Load)>,
    /// Whether the load includes system calls. Then the interval may be twice as wide, because the
    /// kernel's times vary more, and a tie is the best that can be expected.
    pub kernel: bool,
}

/// The result of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The interval of the ratio lies below one.
    Won,
    /// The interval is not below one, and overlaps 0.97 to 1.03.
    Tied,
    /// The interval lies above 1.03, or is too wide to decide.
    Lost,
}

/// The median of a sample, with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    /// The median.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// This environment variable tells a child process which row and which subject to run.
const RUN: &str = "HARNESS_COMPARE_RUN";
const FIRST_PAIRS: usize = 11;
const MOST_PAIRS: usize = 241;

/// Measures all rows and prints a table. Arguments select rows: those whose names contain one of
/// them. With `--json` it prints one object per row. The exit code is 1 if a row is lost. Other
/// flags come from cargo and are ignored.
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

/// One run of one subject, in its own process: prints the nanoseconds per repetition.
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

/// The measurements of each turn, one for each subject. Adds turns until the interval is narrow
/// enough, or there are [`MOST_PAIRS`].
fn turns(number: usize, row: &Row) -> Result<Vec<Vec<f64>>, String> {
    let mut turns: Vec<Vec<f64>> = Vec::new();
    loop {
        for turn in turns.len()..turns.len() + FIRST_PAIRS - 1 + usize::from(turns.is_empty()) {
            let mut figures = vec![0.0; row.subjects.len()];
            // Each subject is the first one equally often.
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

/// A row with its results.
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

/// Whether the interval is too wide to decide the row.
pub fn too_wide(ratio: Median, kernel: bool) -> bool {
    ratio.high - ratio.low > if kernel { 0.20 } else { 0.10 }
}

/// Decides whether a row is won, tied or lost, by the interval of the ratio.
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

/// The median, and its 95 % confidence interval from the ranks of the sorted figures.
///
/// It holds for every distribution: each figure lies below the true median with a chance of one
/// half, so the count of those figures is binomial.
///
/// # Panics
///
/// If `figures` is empty.
pub fn median(mut figures: Vec<f64>) -> Median {
    figures.sort_by(f64::total_cmp);
    let n = figures.len();
    // `below` is the chance that fewer than `rank` figures lie below the true median.
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
        // From tables of the sign test. Of 6 figures the interval has all, of 11 the 2nd to the
        // 10th, and of 20 the 6th to the 15th.
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
