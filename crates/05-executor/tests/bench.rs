//! The bench of the executors, but for its clock: every load does on every subject what it says; a row is judged by the rule;
//! system calls are counted exactly; and a wrong command line is an error.
#![forbid(unsafe_code)]

use std::{
    collections::BTreeSet,
    env, fs,
    process::{Command, Stdio},
};

use harness::compare::Outcome;
use rustix::process::getppid;

#[path = "../benches/against_peers/mod.rs"]
#[allow(dead_code, reason = "what starts processes is for the bench")]
mod against_peers;

use against_peers::{
    Target, calls,
    command::{Arguments, Usage},
    loads::Meter,
    plot,
    rounds::Measured,
    rows::{ROWS, Row, tally},
    subjects::{Passes, Subject, tables},
    table::json,
};

/// How often the part of a load began that counts, and how often it ended.
#[derive(Default)]
struct Parts {
    begun: u32,
    ended: u32,
}

impl Meter for Parts {
    fn begin(&mut self) {
        assert_eq!(self.begun, self.ended);
        self.begun += 1;
    }

    fn end(&mut self) {
        self.ended += 1;
        assert_eq!(self.begun, self.ended);
    }
}

#[test]
fn every_load_does_on_every_subject_what_it_says() {
    for table in tables() {
        for subject in table.subjects {
            for (load, run) in &subject.loads {
                // As many as the steps in which tasks that wait are spawned.
                let n = 100;
                for (passes, counted) in [(Passes::Cold, 1), (Passes::Warm(3), 3)] {
                    let mut parts = Parts::default();
                    let tallies = run(n, passes, &mut parts);
                    assert_eq!(tallies, vec![tally(load, n); counted], "{} {load}", subject.name);
                    assert_eq!((parts.begun, parts.ended), (counted as u32, counted as u32), "{} {load}", subject.name);
                }
            }
        }
    }
}

#[test]
fn the_tallies_differ_from_load_to_load_as_their_sentences_do() {
    assert_eq!(tally("batch", 5), 1 + 2 + 3 + 4);
    assert_eq!(tally("yield", 5), 5 * 6, "five tasks, each polled six times");
    assert_eq!(tally("ping-pong", 5), 10);
    assert_eq!(tally("chained", 5), 5);
}

#[test]
fn every_load_has_a_row_and_every_row_a_load_in_each_table_where_it_is() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.load).collect();
    let tables = tables();
    let carried = tables.iter().flat_map(|table| &table.subjects).flat_map(|subject| &subject.loads);
    assert_eq!(carried.map(|(load, _)| *load).collect::<BTreeSet<_>>(), rows);
    let ids: BTreeSet<&str> = ROWS.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), ROWS.len());
    // The first table has all of them, and the pools all but those for one thread.
    let of =
        |table: usize, target| arguments(&[]).rows(target, &tables[table]).iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!([of(0, Target::Timed), of(0, Target::Counted)].concat().len(), ROWS.len());
    let pools = [of(1, Target::Timed), of(1, Target::Counted)].concat();
    let not_there: Vec<&str> = ids.into_iter().filter(|id| !pools.contains(id)).collect();
    assert_eq!(not_there, ["calls-ready", "one-by-one", "ready"]);
}

fn row(id: &str) -> &'static Row {
    ROWS.iter().find(|row| row.id == id).unwrap()
}

/// A row with these figures, for two stages, two peers and one that has no tasks.
fn measured(id: &str, rounds: &[[Option<f64>; 5]]) -> Measured {
    let subject =
        |name, ours| Subject { name, ours, has_tasks: name != "absent", loads: Vec::new(), tested: || unreachable!() };
    let subjects =
        [("old", true), ("new", true), ("slow", false), ("fast", false), ("absent", false)].map(|(n, o)| subject(n, o));
    let rounds: Vec<Vec<Option<f64>>> = rounds.iter().map(|round| round.to_vec()).collect();
    Measured::new("single", row(id), &subjects.iter().collect::<Vec<_>>(), &rounds)
}

#[test]
fn the_last_stage_is_compared_with_the_best_peer_round_by_round() {
    // The machine is slower in every second round; the ratio is not.
    let round = |factor: f64| [50.0, 90.0, 300.0, 100.0, 0.0].map(|figure| (figure > 0.0).then_some(figure * factor));
    let rounds: Vec<_> = (0..11).map(|number| round(if number % 2 == 0 { 1.0 } else { 2.0 })).collect();
    let row = measured("yield", &rounds);
    let compared = row.compared.as_ref().unwrap();
    assert_eq!((compared.ours, row.best_peer, compared.outcome), ("new", Some("fast"), Outcome::Won));
    assert_eq!((compared.ratio.low, compared.ratio.value, compared.ratio.high), (0.9, 0.9, 0.9));
    assert!(row.median("absent").is_none());
    let alone = measured("ready", &[[None, Some(2.0), Some(4.0), Some(3.0), Some(1.0)]]);
    assert_eq!(alone.best_peer, Some("fast"), "whoever has no tasks is no peer");
    // With more rounds, only of those that may be the best.
    assert_eq!(row.contenders(), [true, true, false, true, false]);
}

#[test]
fn counts_are_compared_and_system_calls_only_shown() {
    let counts = |ours| [None, Some(ours), Some(256.0), Some(112.0), None];
    let outcome = |ours| measured("bytes", &[counts(ours)]).compared.unwrap().outcome;
    assert_eq!(outcome(104.0), Outcome::Won);
    assert_eq!(outcome(112.0), Outcome::Tied);
    assert_eq!(outcome(120.0), Outcome::Lost);
    assert!(measured("calls-yield", &[counts(0.0)]).compared.is_none());
}

#[test]
fn a_row_is_an_object_with_its_figures_and_its_outcome() {
    let row = measured("yield", &[[None, Some(30.0), Some(40.0), Some(20.0), None]]);
    let object = json(&row);
    assert_eq!(object["row"], "yield");
    assert_eq!(object["unit"], "ns");
    assert_eq!(object["subjects"]["new"]["median"], 30.0);
    assert!(object["subjects"]["absent"].is_null());
    assert_eq!(object["compared"]["ratio"]["median"], 1.5);
    assert_eq!(object["compared"]["outcome"], "lost");
}

#[test]
fn the_plot_names_every_row_and_every_subject_with_figures() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plot.svg");
    let figures = [[None, Some(30.0), Some(40.0), Some(20.0), None]];
    plot::write(&file, &[measured("yield", &figures), measured("batch", &figures)]).unwrap();
    let drawing = fs::read_to_string(file).unwrap();
    assert!(drawing.starts_with("<svg") && drawing.trim_end().ends_with("</svg>"), "{drawing}");
    for word in ["yield", "batch", "new", "slow", "fast", "lost"] {
        assert!(drawing.contains(word), "{word}: {drawing}");
    }
    assert!(!drawing.contains("absent"), "{drawing}");
}

/// So many system calls.
fn ask(times: u64) {
    for _ in 0..times {
        let _ = getppid();
    }
}

const CALLS: &str = "BENCH_CALLS";

/// A process that is traced by [`system_calls_are_counted_between_the_marks_alone`].
#[test]
#[ignore = "its parent traces it"]
fn is_traced() {
    let asked: u64 = env::var(CALLS).unwrap().parse().unwrap();
    calls::follow_me().unwrap();
    ask(1);
    for _ in 0..2 {
        calls::mark();
        ask(asked);
        calls::mark();
        ask(1);
    }
}

#[test]
fn system_calls_are_counted_between_the_marks_alone() {
    let counted = |asked: u64| {
        let arguments = ["--exact", "is_traced", "--ignored"];
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(arguments).env(CALLS, asked.to_string()).stdin(Stdio::null()).stdout(Stdio::null());
        calls::of(&command.spawn().unwrap()).unwrap()
    };
    assert_eq!(counted(0), 0.0);
    assert_eq!(counted(7), 14.0);
}

fn arguments(line: &[&str]) -> Arguments {
    let line = ["bench"].iter().chain(line).map(Into::into);
    Arguments::of(line).unwrap()
}

#[test]
fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    for (line, words) in [
        (&["nothing"][..], "no row is called 'nothing'"),
        (&["--subject", "nobody"], "no subject is called 'nobody'"),
        (&["--rounds", "0"], "invalid value '0' for '--rounds <N>'"),
        (&["--plot"], "a value is required for '--plot <FILE.svg>'"),
        (&["--fast"], "unexpected argument '--fast'"),
    ] {
        let line = ["bench"].iter().chain(line).map(Into::into);
        let Err(Usage::Clap(error)) = Arguments::of(line) else { panic!("{words}") };
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn words_choose_rows_and_subjects() {
    let tables = tables();
    let chosen = arguments(&["yield", "--subject", "tokio", "--subject", "s4", "--bench"]);
    let rows = |target| chosen.rows(target, &tables[0]).iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!((rows(Target::Timed), rows(Target::Counted)), (vec!["yield"], vec!["calls-yield"]));
    let subjects = chosen.subjects(&tables[0]).into_iter().map(|subject| subject.name);
    assert_eq!(subjects.collect::<Vec<_>>(), ["s4-spawn", "tokio-current-thread"]);
    let pollster = arguments(&["--subject", "pollster"]);
    let rows = pollster.rows(Target::Timed, &tables[0]).iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(rows, ["wake", "ready"], "what it can carry");
    assert!(pollster.rows(Target::Timed, &tables[1]).is_empty());
}
