//! `grade` on files that students may hand in: right, unwritten, wrong, endless, greedy or noisy.
//! Each file is a lesson's own file with a change. Most tests grade one step, and share one file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
    thread,
    time::Duration,
};

use harness::until;
use house::{programs::program, root};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

const THREADS: &str = "crates/01-threads/exercise";
const PATIENCE: Duration = Duration::from_secs(120);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program("harness", "grade"));
    command.args(arguments).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The exit code and the JSON of a command: all of its stdout must be one object.
fn graded_by(command: &mut Command) -> (i32, Value) {
    let output = command.arg("--json").output().unwrap();
    let parsed = serde_json::from_slice(&output.stdout);
    let parsed = parsed.unwrap_or_else(|error| panic!("{error} in {output:?}"));
    (output.status.code().unwrap(), parsed)
}

fn graded(file: &str, arguments: &[&str]) -> (i32, Value) {
    graded_by(command(arguments).arg(file))
}

/// A file of the lesson threads, with these replacements.
fn handed_in(original: &str, replacements: &[(&str, &str)]) -> (TempDir, String) {
    let mut text = fs::read_to_string(root().join(THREADS).join(original)).unwrap();
    for (old, new) in replacements {
        assert!(text.contains(old), "{original} has {old:?}");
        text = text.replacen(old, new, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handed in.rs");
    fs::write(&file, text).unwrap();
    (folder, file.to_str().unwrap().to_owned())
}

/// The unwritten file, whose step 1 is this code.
fn step_1(code: &str) -> (TempDir, String) {
    let todo = "todo!(\"step 1: feed each read to one LineDecoder until it gives None; finish() it at the end\")";
    handed_in("mod.rs", &[(todo, code)])
}

/// Tells [`misbehaving`] what to do.
const DOES: &str = "HANDED_IN_DOES";

/// The solution, which misbehaves in the way that [`DOES`] names, if it names one. It is built once
/// for many tests.
fn misbehaving() -> &'static str {
    static FILE: LazyLock<(TempDir, String)> = LazyLock::new(|| {
        let (step_1, new) = ("let mut decoder = LineDecoder::new(max_line);", "pub fn new(limits: Limits) -> Self {");
        let does = format!("match std::env::var({DOES:?}).as_deref().unwrap_or_default()");
        let step_1_does = format!(
            "fn deeper(n: u64) -> u64 {{ deeper(std::hint::black_box(n)) + 1 }} {does} {{
                \"spins\" => loop {{ std::hint::spin_loop() }},
                \"parks\" => loop {{ std::thread::park() }},
                \"overflows\" => drop(deeper(0)),
                \"panics\" => panic!(\"at the \\x1b[31mend\"),
                \"exits\" => std::process::exit(0),
                \"hoards\" => {{ let mut all = Vec::new(); loop {{ all.push(vec![1_u8; 1 << 20]); }} }}
                \"reads one line\" => {{ on_line(Ok(\"one line\")); return Ok(()); }}
                \"prints\" => for _ in 0..2_000 {{
                    println!(\"{{{{\\\"name\\\": \\\"step-1::E2\\\"}}}} ]\\n@@ harness report @@ failed\\0\");
                }},
                _ => {{}}
            }} {step_1}"
        );
        let server_does = format!(
            "{new} {does} {{
                \"never listens\" => std::iter::repeat(()).for_each(drop),
                \"hoards in the server\" => {{ let mut all = Vec::new(); for _ in 0.. {{ all.push(vec![1_u8; 1 << 20]); }} }}
                _ => {{}}
            }}"
        );
        handed_in("solution.rs", &[(step_1, &step_1_does), (new, &server_does)])
    });
    &FILE.1
}

/// Grades the file that misbehaves in this way.
fn graded_that(does: &str, arguments: &[&str]) -> (i32, Value) {
    graded_by(command(&[&["threads", misbehaving()], arguments].concat()).env(DOES, does))
}

/// The outcome of the only check of step 1, and what was observed.
fn ends(does: &str, arguments: &[&str]) -> (String, String) {
    let (exit, graded) = graded_that(does, &[&["--step", "1"], arguments].concat());
    assert_eq!((exit, &graded["passed"], &graded["applicable"]), (1, &json!(0), &json!(1)), "{graded:#}");
    let check = &graded["checks"][0];
    let text = |field: &str| check[field].as_str().unwrap().to_owned();
    (text("outcome"), text("observed"))
}

/// Grades the solution of a lesson.
fn passes_every_check(lesson: &str, folder: &str) {
    let (exit, graded) = graded(&format!("{folder}/solution.rs"), &[lesson]);
    assert_eq!(exit, 0, "{graded:#}");
    assert_eq!((&graded["lesson"], &graded["compiles"]), (&json!(lesson), &json!(true)));
    assert_eq!((&graded["passed"], &graded["applicable"]), (&json!(15), &json!(15)));
    assert_eq!(graded["steps"].as_array().unwrap().len(), 5);
    assert_eq!(graded["steps"][2], json!({"step": "step-3", "passed": 9, "applicable": 9}));
}

#[test]
#[ignore = "long"]
fn a_solution_passes_every_check_under_the_limits() {
    passes_every_check("threads", THREADS);
    passes_every_check("async-chat", "crates/02-async-chat/exercise");
}

#[test]
fn a_solution_passes_a_step_under_the_limits() {
    let (exit, graded) = graded_by(&mut command(&["threads", misbehaving(), "--step", "3"]));
    assert_eq!((exit, &graded["lesson"], &graded["compiles"]), (0, &json!("threads"), &json!(true)), "{graded:#}");
    assert_eq!(graded["steps"], json!([{"step": "step-3", "passed": 9, "applicable": 9}]));
}

#[test]
fn an_unwritten_file_scores_nothing_and_the_working_tree_stays_as_it_is() {
    let own = root().join(THREADS).join("mod.rs");
    let before = fs::read(&own).unwrap();
    let (_folder, file) = step_1("todo!(\"step 1\")");
    let (exit, graded) = graded(&file, &["threads"]);
    assert_eq!((exit, &graded["passed"], &graded["applicable"]), (1, &json!(0), &json!(15)), "{graded:#}");
    for check in graded["checks"].as_array().unwrap() {
        assert_eq!(check["outcome"], "not written", "{check:#}");
    }
    let first = &graded["checks"][0];
    assert_eq!((&first["id"], &first["step"], &first["level"]), (&json!("E2"), &json!("step-1"), &json!("must")));
    assert_eq!(first["observed"], "not written yet: step 1");
    assert_eq!(fs::read(&own).unwrap(), before);
}

/// Grades a file that does not compile.
fn does_not_compile(code: &str, says: &str) {
    let (_folder, file) = step_1(code);
    let (exit, graded) = graded(&file, &["threads", "--step", "1"]);
    assert_eq!((exit, &graded["compiles"], &graded["checks"]), (1, &json!(false), &json!([])), "{graded:#}");
    let compiler = graded["compiler"].as_str().unwrap();
    assert!(compiler.contains(says) && compiler.contains(&file), "{compiler}");
    assert!(!compiler.contains('\x1b'), "{compiler:?}");
}

#[test]
fn what_the_compiler_says_is_a_result() {
    does_not_compile("let line: u8 = max_line; Ok(())", "expected `u8`, found `usize`");
}

#[test]
fn unsafe_code_and_the_solution_do_not_compile() {
    does_not_compile("unsafe { std::hint::unreachable_unchecked() }", "usage of an `unsafe` block");
    does_not_compile("include!(\"solution.rs\")", "couldn't read");
}

#[test]
fn a_build_without_an_end_is_ended() {
    let endless = "#[allow(long_running_const_eval)] const ENDLESS: () = loop {}; ENDLESS; Ok(())";
    let (_folder, file) = step_1(endless);
    let (exit, graded) = graded(&file, &["threads", "--build-deadline", "1"]);
    assert_eq!((exit, &graded["compiler"]), (1, &json!("a hang: it was not built in 1 s")));
}

#[test]
fn what_a_file_does_to_itself_is_named() {
    let hangs = thread::spawn(|| ends("spins", &["--deadline", "5"]));
    assert_eq!(ends("overflows", &[]).0, "stack overflow");
    let (outcome, observed) = ends("panics", &[]);
    assert!(
        outcome == "panicked" && observed.contains("handed in.rs:") && observed.ends_with(": at the end"),
        "{outcome}: {observed}"
    );
    let (outcome, observed) = ends("exits", &[]);
    assert!(outcome == "crashed" && observed.contains("the process ended itself"), "{outcome}: {observed}");
    assert_eq!(hangs.join().unwrap(), ("hung".into(), "a hang: nothing came of it in 5 s".into()));
}

#[test]
#[ignore = "long"]
fn a_check_that_never_began_is_no_hang() {
    let (exit, graded) = graded_that("never listens", &["--step", "3", "--deadline", "5"]);
    let checks = graded["checks"].as_array().unwrap();
    let ended = |outcome: &str| checks.iter().filter(|check| check["outcome"] == outcome).count();
    // Four checks run at a time, and wait for a server that never listens.
    assert_eq!((exit, ended("hung"), ended("not run")), (1, 4, 5), "{graded:#}");
    assert_eq!((&graded["passed"], &graded["applicable"]), (&json!(0), &json!(9)));
}

#[test]
fn a_greedy_file_meets_the_memory_limit_in_the_check_and_in_the_server() {
    let (outcome, observed) = ends("hoards", &["--memory", "128"]);
    assert_eq!(outcome, "crashed");
    assert!(observed.starts_with("a crash: out of memory: memory allocation of"), "{observed}");
    assert!(observed.ends_with("under the limit of 128 MiB for each process"), "{observed}");

    let (exit, graded) = graded_that("hoards in the server", &["--step", "5", "--memory", "128"]);
    let check = &graded["checks"][0];
    assert_eq!((exit, &check["id"], &check["outcome"]), (1, &json!("E15"), &json!("failed")), "{graded:#}");
    assert!(check["observed"].as_str().unwrap().contains("under the limit of 128 MiB"), "{check:#}");
}

#[test]
fn what_a_file_prints_spoils_nothing() {
    let (exit, graded) = graded_that("prints", &["--step", "1"]);
    assert_eq!((exit, &graded["passed"], &graded["applicable"]), (0, &json!(1), &json!(1)), "{graded:#}");
}

#[test]
fn wrong_usage_says_what_there_is() {
    let solution = format!("{THREADS}/solution.rs");
    for (arguments, says) in [
        (&["thread", &solution][..], "there is no lesson 'thread' with an exercise; there are: async-chat,"),
        (&["threads", "nowhere.rs"], "cannot read nowhere.rs: No such file"),
        (&["threads", "crates"], "cannot read crates: it is no file"),
        (&["threads", &solution, "--step", "9"], "the exercise of threads has no such step; it has step-1, step-2"),
        (&["threads"], "<FILE>"),
    ] {
        let output = command(arguments).arg("--json").output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(2), &b""[..]), "{error}");
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_person_reads_a_table_without_colour_in_a_pipe() {
    let output = command(&["threads", misbehaving(), "--step", "1"]).env(DOES, "reads one line").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(1), Vec::new()), "{text}");
    for part in [
        "step-1: 0 of 1\n  E2    must   failed ",
        "these four lines were read as [Ok(\"one line\")]",
        "0 of 1 checks passed",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "{text:?}");
}

#[test]
fn an_interrupt_ends_all_that_was_started() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut grade = command(&["threads", misbehaving(), "--step", "1"]).env(DOES, "parks").spawn().unwrap();
        let pid = Pid::from_child(&grade);
        // The runner and the process of its check run the same program.
        let started = until(PATIENCE, || (running(pid) == 2).then_some(()));
        kill_process(pid, signal).unwrap();
        assert_eq!(started, Some(()));
        assert_eq!(grade.wait().unwrap().code(), Some(128 + signal.as_raw()));
        assert_eq!(until(PATIENCE, || (running(pid) == 0).then_some(())), Some(()));
    }
}

/// How many processes run the program that this run of `grade` built.
fn running(grade: Pid) -> usize {
    let folder = PathBuf::from(format!("grade/runs/{}", grade.as_raw_pid()));
    let of_this_run = |program: &Path| program.parent().is_some_and(|parent| parent.ends_with(&folder));
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|process| fs::read_link(process.path().join("exe")).is_ok_and(|exe| of_this_run(&exe))).count()
}
