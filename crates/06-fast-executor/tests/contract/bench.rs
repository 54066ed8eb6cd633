//! The bench of the executors, without its clock. Every load does on every subject what its
//! sentence says. Verdicts follow the rule. System calls are counted exactly. A wrong command line
//! is an error.

use std::{collections::BTreeSet, env, fs};

use harness::Suite;
use measure::Outcome;
use rustix::process::getppid;

use crate::{
    against_peers::{
        Target, calls,
        command::{Arguments, Usage},
        loads::Meter,
        plot,
        rounds::{self, Measured},
        rows::{ROWS, Row, tally},
        subjects::{Load, Passes, Subject, tables},
        table::json,
    },
    subjects,
    tools::Tool,
};

/// Adds the tests of this module.
pub fn add(suite: Suite) -> Suite {
    alone! { suite, "bench":
        what_is_measured_is_what_is_checked
        every_load_does_on_every_subject_what_it_says
        the_tallies_differ_from_load_to_load_as_their_sentences_do
        every_load_has_a_row_and_every_row_a_load_in_each_table_where_it_is
        the_last_stage_is_compared_with_the_best_peer_round_by_round
        the_last_stage_is_compared_with_the_stage_before_it_round_by_round
        a_round_without_the_stage_before_counts_for_the_peer_alone
        the_stage_before_stays_a_contender_however_slow_it_is
        there_are_more_rounds_while_either_ratio_is_too_wide
        a_peer_is_not_the_best_for_having_been_measured_while_the_machine_was_faster
        counts_are_compared_and_system_calls_only_shown
        a_row_is_an_object_with_its_figures_and_its_outcome
        the_plot_names_every_row_and_every_subject_with_figures
        system_calls_are_counted_between_the_marks_alone
        a_wrong_command_line_is_a_clear_message_and_exit_code_2
        words_choose_rows_and_subjects
    }
}

/// Parts B and C run on the stages here, on those of lesson 5 (`executor-…`) in its own contract,
/// and on the peers in package `tests`.
fn what_is_measured_is_what_is_checked() {
    let checked: Vec<_> = subjects::all().into_iter().chain(peers::subjects()).collect();
    let mut adapters = BTreeSet::new();
    let tables = tables();
    let all = tables.iter().flat_map(|table| &table.subjects);
    for subject in all.filter(|subject| !subject.name.starts_with("executor-")) {
        // A pool is checked with more than one number of workers.
        let is_it = |name: &str| name.strip_prefix(subject.name).is_some_and(|rest| ["", "-2"].contains(&rest));
        let same = checked.iter().find(|checked| is_it(checked.name)).expect(subject.name);
        let adapter = (subject.tested)().adapter();
        assert_eq!(adapter, same.value.adapter());
        assert!(adapters.insert(adapter), "another subject has {adapter:?} too");
    }
}

/// How often the counted part of a load has begun, and how often it has ended.
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

fn every_load_does_on_every_subject_what_it_says() {
    for table in tables() {
        for subject in table.subjects {
            for (load, run) in &subject.loads {
                // The number of waiting tasks that a load spawns in one step.
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

fn the_tallies_differ_from_load_to_load_as_their_sentences_do() {
    assert_eq!(tally("batch", 5), 1 + 2 + 3 + 4);
    assert_eq!(tally("yield", 5), 5 * 6, "five tasks, each polled six times");
    assert_eq!(tally("ping-pong", 5), 10);
    assert_eq!(tally("chained", 5), 5);
}

fn every_load_has_a_row_and_every_row_a_load_in_each_table_where_it_is() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.load).collect();
    let tables = tables();
    let carried = tables.iter().flat_map(|table| &table.subjects).flat_map(|subject| &subject.loads);
    assert_eq!(carried.map(|(load, _)| *load).collect::<BTreeSet<_>>(), rows);
    let ids: BTreeSet<&str> = ROWS.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), ROWS.len());
    // The first table has all rows. The pools have all but those for one thread.
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

/// Two stages, two peers, and one peer without tasks.
fn subjects() -> [Subject; 5] {
    [("old", true), ("new", true), ("slow", false), ("fast", false), ("absent", false)].map(|(name, ours)| {
        // Nobody runs it: the figures are made up.
        let loads: Vec<(_, Load)> = if name == "absent" { vec![] } else { vec![("yield", Box::new(|_, _, _| vec![]))] };
        Subject { name, ours, has_tasks: name != "absent", loads, tested: || unreachable!() }
    })
}

/// A row with these figures for all subjects.
fn measured(id: &str, rounds: &[[Option<f64>; 5]]) -> Measured {
    let rounds: Vec<Vec<Option<f64>>> = rounds.iter().map(|round| round.to_vec()).collect();
    Measured::new("single", row(id), &subjects().iter().collect::<Vec<_>>(), &rounds)
}

fn the_last_stage_is_compared_with_the_best_peer_round_by_round() {
    // The machine is slower in every second round, but the ratio stays the same.
    let round = |factor: f64| [50.0, 90.0, 300.0, 100.0, 0.0].map(|figure| (figure > 0.0).then_some(figure * factor));
    let rounds: Vec<_> = (0..11).map(|number| round(if number % 2 == 0 { 1.0 } else { 2.0 })).collect();
    let row = measured("yield", &rounds);
    let compared = row.compared.as_ref().unwrap();
    assert_eq!((compared.ours, row.best_peer, compared.outcome), ("new", Some("fast"), Outcome::Won));
    assert_eq!((compared.ratio.low, compared.ratio.value, compared.ratio.high), (0.9, 0.9, 0.9));
    assert!(row.median("absent").is_none());
    let alone = measured("ready", &[[None, Some(2.0), Some(4.0), Some(3.0), Some(1.0)]]);
    assert_eq!(alone.best_peer, Some("fast"), "whoever has no tasks is no peer");
    // Only the subjects that may be the best get more rounds.
    assert_eq!(row.contenders(), [true, true, false, true, false]);
}

/// Eleven rounds. The last stage takes this many hundredths of the time of the stage before it, and
/// half of the time of the best peer. The machine gets slower from round to round.
fn steps(hundredths: [u32; 11]) -> Vec<[Option<f64>; 5]> {
    let round = |(number, hundredths)| {
        let new = f64::from(number) * 64.0;
        [Some(new * 100.0 / f64::from(hundredths)), Some(new), Some(new * 3.0), Some(new * 2.0), None]
    };
    (1..).zip(hundredths).map(round).collect()
}

fn the_last_stage_is_compared_with_the_stage_before_it_round_by_round() {
    let step = |id, hundredths| {
        let row = measured(id, &steps(hundredths));
        assert_eq!(row.compared.as_ref().unwrap().outcome, Outcome::Won, "the other comparison is one of its own");
        let too_wide = row.too_wide();
        let step = row.step.unwrap();
        assert_eq!((step.ours, step.other), ("new", "old"));
        let hundredth = |ratio: f64| (ratio * 100.0).round() as u32;
        ([step.ratio.low, step.ratio.value, step.ratio.high].map(hundredth), step.outcome, too_wide)
    };
    // With eleven rounds, the interval goes from the second to the tenth figure.
    let mixed = |lowest: u32| [3, 9, 0, 5, 7, 1, 10, 4, 8, 2, 6].map(|more| lowest + more);
    assert_eq!(step("yield", mixed(60)), ([61, 65, 69], Outcome::Won, false));
    assert_eq!(step("yield", mixed(92)), ([93, 97, 101], Outcome::Tied, false));
    assert_eq!(step("yield", mixed(103)), ([104, 108, 112], Outcome::Lost, false), "slower than the stage before it");
    let wide = [50, 52, 60, 61, 62, 63, 64, 65, 66, 67, 90];
    assert_eq!(step("yield", wide), ([52, 63, 67], Outcome::Lost, true), "too wide to tell");
    assert_eq!(step("wake", wide), ([52, 63, 67], Outcome::Won, false), "the kernel decides");
}

fn a_round_without_the_stage_before_counts_for_the_peer_alone() {
    let row = measured(
        "yield",
        &[[None, Some(10.0), None, Some(40.0), None], [Some(20.0), Some(30.0), None, Some(40.0), None]],
    );
    assert_eq!(row.step.unwrap().ratio.value, 1.5);
    assert_eq!(row.compared.unwrap().ratio.value, 0.5, "of a quarter and three quarters");
    let row = measured("yield", &[[None, Some(10.0), None, Some(40.0), None]]);
    assert!(row.step.is_none(), "there is no stage before it");
    let row = measured("yield", &[[Some(20.0), Some(30.0), None, None, None]]);
    assert!(row.compared.is_none());
    assert_eq!(row.step.unwrap().ratio.value, 1.5);
}

fn the_stage_before_stays_a_contender_however_slow_it_is() {
    assert_eq!(measured("yield", &steps([1; 11])).contenders(), [true, true, false, true, false]);
}

/// The number of rounds of a row, and of the runs of each subject, if the stage before the last is
/// uneven for this many rounds.
fn rounds_while_uneven(uneven: usize, asked: Option<u32>) -> (usize, [usize; 5]) {
    let (subjects, mut runs) = (subjects(), [0; 5]);
    let references: Vec<&Subject> = subjects.iter().collect();
    let measured = rounds::measure("single", row("yield"), &references, asked, |subject, round| {
        let index = subjects.iter().position(|of| of.name == subject.name).unwrap();
        runs[index] += 1;
        let uneven = round <= uneven && round % 2 == 0;
        Ok([if uneven { 90.0 } else { 50.0 }, 20.0, 300.0, 100.0, 1.0][index])
    });
    (measured.unwrap().rounds, runs)
}

fn there_are_more_rounds_while_either_ratio_is_too_wide() {
    assert_eq!(rounds_while_uneven(0, None), (11, [11, 11, 11, 11, 0]));
    // Five of eleven rounds are uneven. With 21 rounds there are still five, and the interval goes
    // from the sixth to the sixteenth figure.
    assert_eq!(rounds_while_uneven(11, None), (21, [21, 21, 11, 21, 0]));
    assert_eq!(rounds_while_uneven(usize::MAX, None), (241, [241, 241, 11, 241, 0]));
    assert_eq!(rounds_while_uneven(usize::MAX, Some(3)), (3, [3, 3, 3, 3, 0]));
}

/// Two peers are close. The slower one is left out after eleven rounds, and the machine is slower
/// from the ninth round on.
fn a_peer_is_not_the_best_for_having_been_measured_while_the_machine_was_faster() {
    let (subjects, mut last) = (subjects(), 0);
    let references: Vec<&Subject> = subjects.iter().collect();
    let row = rounds::measure("single", row("yield"), &references, None, |subject, round| {
        last = round;
        // The ratio to the stage before is uneven, so there will be more rounds.
        let old = if round <= 11 && round % 2 == 0 { 300.0 } else { 200.0 };
        let figure = match subject.name {
            "old" => old,
            "new" => 104.0,
            "slow" => 106.0,
            _ => 100.0,
        };
        Ok(if round >= 9 { figure * 1.2 } else { figure })
    });
    let row = row.unwrap();
    assert_eq!((last, row.best_peer), (21, Some("fast")));
    assert!(
        row.median("slow").unwrap().value < row.median("fast").unwrap().value,
        "by its medians it would be the other"
    );
    let compared = row.compared.as_ref().unwrap();
    assert_eq!((compared.other, compared.ratio.value, compared.outcome), ("fast", 1.04, Outcome::Lost));
    assert_eq!(row.contenders(), [true, true, false, true, false], "nor does it come back");
    assert_eq!(row.to_best("slow").map(|ratio| (ratio * 100.0).round()), Some(106.0));
}

fn counts_are_compared_and_system_calls_only_shown() {
    let counts = |ours| [Some(112.0), Some(ours), Some(256.0), Some(112.0), None];
    let outcomes = |ours| {
        let row = measured("bytes", &[counts(ours)]);
        [row.compared, row.step].map(|compared| compared.unwrap().outcome)
    };
    assert_eq!(outcomes(104.0), [Outcome::Won; 2]);
    assert_eq!(outcomes(112.0), [Outcome::Tied; 2]);
    assert_eq!(outcomes(120.0), [Outcome::Lost; 2]);
    assert_eq!(outcomes(112.0016), [Outcome::Tied; 2], "a part of a byte is noise");
    assert_eq!(outcomes(111.9984), [Outcome::Tied; 2]);
    let allocations = |[new, others]: [f64; 2]| {
        let row = measured("allocations", &[[Some(others), Some(new), Some(others), Some(others), None]]);
        row.compared.unwrap().outcome
    };
    assert_eq!(allocations([1.0001, 0.9996]), Outcome::Tied);
    assert_eq!(allocations([1.004, 0.996]), Outcome::Tied);
    assert_eq!(allocations([0.99, 1.0]), Outcome::Won);
    assert_eq!(allocations([0.001, 0.0]), Outcome::Tied, "both are shown as none");
    let calls = measured("calls-yield", &[counts(0.0)]);
    assert!(calls.compared.is_none() && calls.step.is_none());
}

fn a_row_is_an_object_with_its_figures_and_its_outcome() {
    let figures = [Some(60.0), Some(30.0), Some(40.0), Some(20.0), None];
    let row = measured("yield", &[figures; 6]);
    let object = json(&row);
    assert_eq!(object["row"], "yield");
    assert_eq!(object["unit"], "ns");
    assert_eq!(object["subjects"]["new"]["median"], 30.0);
    assert!(object["subjects"]["absent"].is_null());
    assert_eq!(object["compared"]["ratio"]["median"], 1.5);
    assert_eq!(object["compared"]["outcome"], "lost");
    assert_eq!(object["step"]["other"], "old");
    assert_eq!(
        (&object["step"]["ratio"]["high"], &object["step"]["ratio"]["is_interval"]),
        (&0.5.into(), &true.into())
    );
    assert_eq!(object["step"]["outcome"], "won");
    // With five figures, the lowest and the highest make an interval of only 94 %.
    let object = json(&measured("yield", &[figures; 5]));
    assert_eq!((&object["rounds"], &object["compared"]["ratio"]["median"]), (&5.into(), &1.5.into()));
    for compared in ["compared", "step"].map(|name| &object[name]) {
        assert_eq!((&compared["outcome"], &compared["ratio"]["is_interval"]), (&"few".into(), &false.into()));
    }
    assert_eq!(object["subjects"]["new"]["is_interval"], false);
}

fn the_plot_names_every_row_and_every_subject_with_figures() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plot.svg");
    plot::check(&file).unwrap();
    assert!(!file.exists(), "nothing is drawn yet");
    let figures = [[Some(60.0), Some(30.0), Some(40.0), Some(20.0), None]; 6];
    plot::write(&file, &[measured("yield", &figures), measured("batch", &figures[1..])]).unwrap();
    plot::check(&file).unwrap();
    let drawing = fs::read_to_string(file).unwrap();
    assert!(drawing.starts_with("<svg") && drawing.trim_end().ends_with("</svg>"), "{drawing}");
    for word in ["yield", "batch", "new", "slow", "fast", "yield: lost; to old: won", "batch: few; to old: few"] {
        assert!(drawing.contains(word), "{word}: {drawing}");
    }
    assert!(!drawing.contains("absent"), "{drawing}");
}

/// Makes this many system calls.
fn ask(times: u64) {
    for _ in 0..times {
        let _ = getppid();
    }
}

const CALLS: &str = "BENCH_CALLS";

/// What the process does that [`system_calls_are_counted_between_the_marks_alone`] traces.
pub fn is_traced() {
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

fn system_calls_are_counted_between_the_marks_alone() {
    let counted = |asked: u64| {
        let mut command = Tool::Traced.command();
        calls::of(&command.env(CALLS, asked.to_string()).spawn().unwrap()).unwrap()
    };
    assert_eq!(counted(0), 0.0);
    assert_eq!(counted(7), 14.0);
}

fn arguments(line: &[&str]) -> Arguments {
    let line = ["bench"].iter().chain(line).map(Into::into);
    Arguments::of(line).unwrap()
}

fn a_wrong_command_line_is_a_clear_message_and_exit_code_2() {
    for (line, words) in [
        (&["nothing"][..], "no row is called 'nothing'"),
        (&["--subject", "nobody"], "no subject is called 'nobody'"),
        (&["--rounds", "0"], "invalid value '0' for '--rounds <N>'"),
        (&["ready", "--subject", "s3-stealing"], "no chosen subject has a row called 'ready'"),
        (&["yield", "ready", "--subject", "s3-stealing"], "no chosen subject has a row called 'ready'"),
        (&["--plot", "/nowhere/x.svg"], "/nowhere/x.svg: No such file or directory"),
        (&["--plot"], "a value is required for '--plot <FILE.svg>'"),
        (&["--fast"], "unexpected argument '--fast'"),
    ] {
        let line = ["bench"].iter().chain(line).map(Into::into);
        let Err(Usage::Clap(error)) = Arguments::of(line) else { panic!("{words}") };
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(words), "{error}");
    }
}

fn words_choose_rows_and_subjects() {
    let tables = tables();
    let chosen = arguments(&["yield", "--subject", "tokio", "--subject", "s1-one", "--bench"]);
    let rows = |target| chosen.rows(target, &tables[0]).iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!((rows(Target::Timed), rows(Target::Counted)), (vec!["yield"], vec!["calls-yield"]));
    let subjects = chosen.subjects(&tables[0]).into_iter().map(|subject| subject.name);
    assert_eq!(subjects.collect::<Vec<_>>(), ["s1-one-allocation", "tokio-current-thread"]);
    let pollster = arguments(&["--subject", "pollster"]);
    let rows = pollster.rows(Target::Timed, &tables[0]).iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(rows, ["wake", "ready"], "what it can carry");
    assert!(pollster.rows(Target::Timed, &tables[1]).is_empty());
}
