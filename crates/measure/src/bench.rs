//! A whole benchmark: each row puts the same load on ours and on the peers, and the processes take
//! turns.

use std::{
    env,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use crate::{Cell, Columns, Compared, DecidedBy, Median, Outcome, Plan, Round, figure, ratio, say};

/// Repeats the work of a subject this many times.
pub type Load = fn(u64);

/// A load on several subjects. The first subject is ours, the others are the peers.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name of the row.
    pub name: &'static str,
    /// How often a subject does it in one run: enough for some tens of milliseconds.
    pub times: u64,
    /// The names of the subjects, and what each does.
    pub subjects: Vec<(&'static str, Load)>,
    /// Whether the program or the kernel dominates the figures.
    pub decided_by: DecidedBy,
}

/// Tells a process which subject of which row it runs.
const RUN: &str = "MEASURE_RUN";
/// Longer than any run takes, also on a machine that is busy with other work.
const DEADLINE: Duration = Duration::from_secs(600);

/// The `main` of a benchmark. Measures all rows, or those whose names contain an argument, and
/// prints a table; with `--json` one object a row. Other flags are for cargo, and ignored.
///
/// Exit code 1 if a row is lost or cannot be measured, 2 for a word that is in the name of no row.
pub fn compare(rows: &[Row]) -> ExitCode {
    if let Ok(run) = env::var(RUN) {
        return subject(rows, &run);
    }
    let (flags, words): (Vec<String>, Vec<String>) = env::args().skip(1).partition(|word| word.starts_with('-'));
    if let Some(word) = words.iter().find(|word| !rows.iter().any(|row| row.name.contains(*word))) {
        eprintln!("error: no row has '{word}' in its name");
        return ExitCode::from(2);
    }
    let is_json = flags.iter().any(|flag| flag == "--json");
    let columns = Columns { first: rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0), others: 13 };
    let (mut heads, mut lost) = (Vec::new(), false);
    for (number, row) in rows.iter().enumerate() {
        if !words.is_empty() && !words.iter().any(|word| row.name.contains(word)) {
            continue;
        }
        let measured = match measure(number, row) {
            Ok(measured) => measured,
            Err(why) => {
                eprintln!("error: {}: {why}", row.name);
                return ExitCode::FAILURE;
            }
        };
        lost |= measured.compared.as_ref().is_some_and(|compared| compared.outcome == Outcome::Lost);
        if is_json {
            say(measured.json());
            continue;
        }
        if heads != measured.heads() {
            heads = measured.heads();
            say(columns.line(heads.iter().map(|head| head.as_str().into())));
        }
        say(columns.line(measured.cells()));
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

fn measure(number: usize, row: &Row) -> Result<Measured<'_>, String> {
    let this = env::current_exe().map_err(|error| error.to_string())?;
    let all = vec![true; row.subjects.len()];
    let rounds = Plan::until_narrow(row.decided_by).run(
        all.clone(),
        |subject, _| figure(Command::new(&this).env(RUN, format!("{number} {subject}")), DEADLINE),
        |rounds| Measured::new(row, rounds).is_too_wide().then(|| all.clone()),
    )?;
    Ok(Measured::new(row, &rounds))
}

/// A row with its figures.
struct Measured<'a> {
    row: &'a Row,
    rounds: usize,
    medians: Vec<Option<Median>>,
    /// Ours and the best peer; `None` without a peer.
    compared: Option<Compared>,
}

impl<'a> Measured<'a> {
    fn new(row: &'a Row, rounds: &[Round]) -> Self {
        let subjects = 0..row.subjects.len();
        let medians = subjects.clone().map(|subject| Median::of(rounds.iter().filter_map(|round| round[subject])));
        let to = |peer: usize| Median::of(rounds.iter().filter_map(|round| Some(ratio(round[0]?, round[peer]?))));
        // The faster the peer, the greater is the ratio of ours to it.
        let peers = subjects.skip(1).filter_map(|peer| Some((peer, to(peer)?)));
        let best = peers.max_by(|(_, one), (_, other)| one.value.total_cmp(&other.value));
        let compared = best.map(|(peer, ratio)| Compared {
            ours: row.subjects[0].0,
            other: row.subjects[peer].0,
            ratio,
            outcome: Outcome::of(&ratio, row.decided_by),
        });
        Measured { row, rounds: rounds.len(), medians: medians.collect(), compared }
    }

    fn is_too_wide(&self) -> bool {
        self.compared.as_ref().is_some_and(|compared| self.row.decided_by.is_too_wide(&compared.ratio))
    }

    fn heads(&self) -> Vec<String> {
        let subjects = self.row.subjects.iter().map(|(name, _)| format!("{name}, ns"));
        let others = ["ratio", "95 %", "rounds", ""].map(str::to_owned);
        [String::new()].into_iter().chain(subjects).chain(others).collect()
    }

    fn cells(&self) -> Vec<Cell> {
        let number = |median: &Option<Median>| median.map_or("·".to_owned(), |median| format!("{:.1}", median.value));
        let mut cells: Vec<Cell> = vec![self.row.name.into()];
        cells.extend(self.medians.iter().map(|median| number(median).into()));
        let Some(Compared { ratio, outcome, .. }) = &self.compared else { return cells };
        cells.push(format!("{:.2}", ratio.value).into());
        cells.push(format!("{:.2}-{:.2}", ratio.low, ratio.high).into());
        cells.push(self.rounds.to_string().into());
        cells.push((*outcome).into());
        cells
    }

    /// The keys are those of any bench of the workspace.
    fn json(&self) -> Value {
        let subjects = self.row.subjects.iter().zip(&self.medians);
        let subjects: Map<_, _> = subjects.map(|((name, _), median)| ((*name).to_owned(), json!(median))).collect();
        json!({
            "row": self.row.name,
            "unit": "ns",
            "rounds": self.rounds,
            "subjects": subjects,
            "best_peer": self.compared.as_ref().map(|compared| compared.other),
            "compared": self.compared,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let subjects = vec![("ours", (|_| {}) as Load), ("slow", |_| {}), ("fast", |_| {})];
        Row { name: "wake", times: 1, subjects, decided_by: DecidedBy::Program }
    }

    /// The machine is slower in every second round; the ratio is not.
    fn rounds() -> Vec<Round> {
        let round = |factor: f64| [45.0, 300.0, 90.0].map(|figure| Some(figure * factor)).to_vec();
        (0..11).map(|number| round(if number % 2 == 0 { 1.0 } else { 2.0 })).collect()
    }

    #[test]
    fn ours_is_compared_with_the_best_peer_round_by_round() {
        let (row, rounds) = (row(), rounds());
        let measured = Measured::new(&row, &rounds);
        assert_eq!(measured.compared.as_ref().unwrap().other, "fast");
        assert!(!measured.is_too_wide());
        let cells: Vec<String> = measured.cells().into_iter().map(|cell| cell.text).collect();
        assert_eq!(cells, ["wake", "45.0", "300.0", "90.0", "0.50", "0.50-0.50", "11", "won"]);
        assert_eq!(measured.heads().len(), cells.len());
    }

    #[test]
    fn a_row_is_an_object_with_its_figures_and_its_outcome() {
        let row = row();
        let object = Measured::new(&row, &rounds()).json();
        assert_eq!((&object["row"], &object["best_peer"]), (&"wake".into(), &"fast".into()));
        assert_eq!(object["subjects"]["ours"]["median"], 45.0);
        assert_eq!(object["compared"]["ratio"]["high"], 0.5);
        assert_eq!(object["compared"]["outcome"], "won");
    }

    #[test]
    fn an_uneven_ratio_is_too_wide() {
        let (row, mut rounds) = (row(), rounds());
        for (number, round) in rounds.iter_mut().enumerate() {
            round[0] = Some(45.0 + number as f64 * 10.0);
        }
        let measured = Measured::new(&row, &rounds);
        assert!(measured.is_too_wide());
        assert_eq!(measured.compared.unwrap().outcome, Outcome::Lost);
    }
}
