//! The runner on toys: small contract targets, which this program becomes when `RUNNER_TOY` is set.
//! The runner names a hang, a stack overflow, a crash and a panic. It holds a list of failures to
//! be exact, and it fails if it checked nothing.

use std::{
    env, fs,
    process::{Command, Output},
};

use harness::Suite;

mod toys;

pub use toys::toy;

/// Adds the tests of the runner to a suite.
pub fn add_to(suite: Suite) -> Suite {
    let suite = suite
        .alone("runner::names_what_is_wrong::squares-plus-one", || names("squares-plus-one", "twice two was 5"))
        .alone("runner::names_what_is_wrong::hangs", || names("hangs", "a hang: nothing came of it in 2 s"))
        .alone("runner::names_what_is_wrong::overflows", || names("overflows", "a stack overflow"))
        .alone("runner::names_what_is_wrong::crashes", || names("crashes", "a crash: ended by signal 6"))
        .alone("runner::names_what_is_wrong::exits", || names("exits", "a crash: the process ended itself"))
        .alone("runner::names_what_is_wrong::panics", || names("panics", PANICKED))
        .alone("runner::names_what_is_wrong::panics-twice", || names("panics-twice", PANICKED_TWICE))
        .alone("runner::names_what_is_wrong::panics-at-length", || names("panics-at-length", PANICKED))
        .alone("runner::names_what_is_wrong::chatters", || names("chatters", "twice two was 5"))
        .alone("runner::names_what_is_wrong::unwritten", || names("unwritten", UNWRITTEN));
    suite
        .alone("runner::an_exact_list_passes", || run("listed", &[]).ends_well(&["2 passed", "1 ignored"]))
        .alone("runner::a_mended_failure_must_leave_the_list", || {
            run("over-listed", &[]).fails(&["T2 stands in over-listed's list of failures", "it holds"]);
        })
        .alone("runner::nothing_applicable_is_a_failure", || {
            run("colourless", &[]).fails(&["not one check was applicable"]);
        })
        .alone("runner::not_applicable_is_an_outcome_of_its_own", || {
            run("right", &[]).ends_well(&["2 passed", "1 ignored"]);
        })
        .alone("runner::an_unwritten_exercise_is_held_to_be_unwritten", || {
            run("pristine", &["T1"]).ends_well(&["1 passed"]);
            run("pristine", &["T2"]).fails(&["T2: expected \"not written yet\", and saw: it holds"]);
        })
        .alone("runner::filters_and_lists_are_those_of_libtest", || {
            run("right", &["--list"]).ends_well(&["right::T1: test", "right::T2: test", "right::T3: test"]);
            run("right", &["--exact", "right::T1"]).ends_well(&["1 passed", "2 filtered out"]);
        })
        .alone("runner::lines_are_for_a_program_that_reads_them", lines)
        .alone("runner::several_lists_are_one_suite", several_lists)
        .alone("runner::a_test_alone_passes_or_is_named", alone)
        .alone("runner::a_test_alone_has_no_second_thread", || {
            assert_eq!(fs::read_dir("/proc/self/task").expect("this is Linux").count(), 1);
        })
        .alone("runner::what_takes_long_is_ignored_until_asked_for", long)
        .alone("runner::an_unknown_name_is_an_error", unknown)
        .alone("runner::a_subject_must_not_name_an_unknown_check", || {
            run("misnamed", &[]).fails(&["misnamed names T9: no such check"]);
        })
}

const PANICKED: &str = "panicked at crates/harness/tests/contract/runner/toys.rs";
const PANICKED_TWICE: &str = "a crash: ended by signal 6; its last words: panicked at crates";
const UNWRITTEN: &str = "not written yet: step 1: add it to itself";

/// The runner reports the failure of this toy under the name of its check, in at most eight lines.
/// The other checks still run.
fn names(toy: &str, observed: &str) {
    let check = format!("---- {toy}::T1 ----");
    let ended = run(toy, &[]);
    ended.fails(&[
        &check,
        "T1 (must): twice two is four",
        &format!("observed: {observed}"),
        "read on:  notes/en/contrato.md#t1",
        "1 passed; 1 failed; 1 ignored",
    ]);
    let report = ended.printed.split(&check).nth(1).unwrap_or_default().trim();
    let lines = report.lines().take_while(|line| !line.is_empty()).count();
    assert!(lines <= 8, "the report has {lines} lines:\n{report}");
}

/// Each check is announced first. Then its beginning and its outcome are lines, and nothing else is
/// on stdout.
fn lines() {
    let output = command("hangs").env("HARNESS_LINES", "1").env("LANG", "es_ES.UTF-8").output();
    let text = String::from_utf8(output.expect("a program can start itself").stdout).expect("JSON is text");
    let mut lines: Vec<&str> = text.lines().collect();
    let announced: Vec<&str> = lines.drain(..lines.len().min(3)).collect();
    lines.sort_unstable();
    let rest = r#""source":"https://en.wikipedia.org/wiki/Doubling","read_on":"notes/es/contrato.md#t"#;
    let line = |number: usize, must: &str, result: &str| {
        let name =
            format!(r#""name":"hangs::T{number}","id":"T{number}","level":"must","must":"{must}","why":"arithmetic""#);
        format!("{{{name},{rest}{number}\",{result}}}")
    };
    let [none, begun] = ["", "begun"].map(|word| format!(r#""outcome":"{word}","observed":"""#));
    let checks = [
        ("twice two is four", r#""outcome":"hung","observed":"a hang: nothing came of it in 2 s""#),
        ("twice nothing is nothing", r#""outcome":"passed","observed":"it holds""#),
        ("it is blue", r#""outcome":"not applicable","observed":"not applicable: no doubler has a colour""#),
    ];
    let checks = || (1..).zip(checks);
    let first: Vec<String> = checks().map(|(number, (must, _))| line(number, must, &none)).collect();
    let then = checks().flat_map(|(number, (must, result))| [&begun, result].map(|result| line(number, must, result)));
    assert!(announced == first && lines == then.collect::<Vec<_>>(), "{text}");
}

/// Each list judges its own subjects, and a test alone stands beside them.
fn several_lists() {
    let all = ["right::T1: test", "right::T2: test", "right::T3: test", "hola::W1: test", "beside: test"];
    let listed = run("two-lists", &["--list"]);
    listed.ends_well(&all);
    assert_eq!(listed.printed.matches(": test").count(), all.len(), "{}", listed.printed);
    run("two-lists", &[]).ends_well(&["4 passed; 0 failed; 1 ignored"]);
    run("two-lists", &["--exact", "hola::W1"]).ends_well(&["1 passed", "4 filtered out"]);
}

fn alone() {
    run("alone", &[]).fails(&[
        "---- panics ----",
        &format!("{PANICKED}:"),
        ": too hard",
        "---- aborts ----",
        "a crash: ended by signal 6",
        "1 passed; 2 failed",
    ]);
    run("alone", &["--exact", "passes"]).ends_well(&["1 passed; 0 failed; 0 ignored"]);
}

fn long() {
    // T3 is not applicable, which counts as ignored.
    run("long", &[]).ends_well(&["1 passed; 0 failed; 3 ignored"]);
    run("long", &["--include-ignored"]).ends_well(&["3 passed; 0 failed; 1 ignored"]);
    run("long", &["--ignored"]).ends_well(&["2 passed; 0 failed; 0 ignored"]);
}

fn unknown() {
    let output = command("right").env(ASKED, "nobody::T1").output().expect("a program can start itself");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("nothing here is called 'nobody::T1'"), "{output:?}");
}

/// How a toy ended, and what it printed to stdout and stderr.
struct Ended {
    success: bool,
    printed: String,
}

impl Ended {
    fn ends_well(&self, texts: &[&str]) {
        self.ends(true, texts);
    }

    fn fails(&self, texts: &[&str]) {
        self.ends(false, texts);
    }

    fn ends(&self, success: bool, texts: &[&str]) {
        let missing = texts.iter().find(|text| !self.printed.contains(**text));
        assert!(missing.is_none(), "{missing:?} is missing in:\n{}", self.printed);
        assert_eq!(self.success, success, "{}", self.printed);
    }
}

fn run(toy: &str, arguments: &[&str]) -> Ended {
    let Output { status, stdout, stderr } = command(toy).args(arguments).output().expect("a program can start itself");
    let printed = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    Ended { success: status.success(), printed }
}

/// By this variable the runner tells a process which check to run.
const ASKED: &str = "HARNESS_RUN_CHECK";

fn command(toy: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("a running program has a file"));
    // The toy must not take this test's own name, or the format of this run, for its own.
    command.env_remove(ASKED).env_remove("HARNESS_LINES");
    command.env(toys::ASKED, toy).env("LANG", "en_US.UTF-8");
    command
}
