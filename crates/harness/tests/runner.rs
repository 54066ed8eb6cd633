//! The runner on subjects that are no servers: it names a hang, a stack overflow, a crash and a
//! panic, each under the name of its check, holds a list of failures to be exact, and fails if
//! nothing was checked.

use std::{
    env,
    process::{Command, ExitCode, Output},
    time::Duration,
};

use harness::{Check, Level, Stop, Subject, Verdict, holds};
use libtest_mimic::{Arguments, Failed, Trial};

/// Set when this program is to be a contract target itself: which of its subjects to check.
const TOY: &str = "RUNNER_TOY";

/// A subject: something that should double a number.
type Doubler = fn(u64) -> u64;

static CHECKS: [Check<Doubler>; 3] = [
    Check { id: "T1", run: t1_doubles, ..toy("twice two is four") },
    Check { id: "T2", run: t2_zero, ..toy("twice nothing is nothing") },
    Check { id: "T3", run: |_| Err(Stop::NotApplicable("no doubler has a colour".into())), ..toy("it is blue") },
];

const fn toy(must: &'static str) -> Check<Doubler> {
    Check {
        id: "",
        level: Level::Must,
        must,
        why: "arithmetic",
        source: "https://en.wikipedia.org/wiki/Doubling",
        deadline: Duration::from_secs(2),
        run: t2_zero,
    }
}

fn t1_doubles(double: &Doubler) -> Verdict {
    let four = double(2);
    holds(four == 4, || format!("twice two was {four}"))
}

fn t2_zero(double: &Doubler) -> Verdict {
    holds(double(0) == 0, || "twice nothing was something")
}

/// Wrong at two, each in its own way; right at nothing.
const BROKEN: [(&str, Doubler, &str); 10] = [
    ("squares-plus-one", |n| if n == 2 { 5 } else { 0 }, "observed: twice two was 5"),
    ("hangs", |n| if n == 2 { hang() } else { 0 }, "observed: a hang: nothing came of it in 2 s"),
    ("overflows", |n| if n == 2 { deeper(0) } else { 0 }, "observed: a stack overflow"),
    ("crashes", |n| if n == 2 { std::process::abort() } else { 0 }, "observed: a crash: ended by signal 6"),
    ("exits", |n| if n == 2 { std::process::exit(0) } else { 0 }, "observed: a crash: the process ended itself"),
    ("panics", |n| if n == 2 { panic!("too hard") } else { 0 }, "observed: panicked at crates/harness/tests/runner.rs"),
    (
        "panics-twice",
        |n| if n == 2 { panics_twice() } else { 0 },
        "ended by signal 6; its last words: panicked at crates",
    ),
    ("panics-at-length", |n| if n == 2 { panic!("{}", "too hard ".repeat(MUCH)) } else { 0 }, "observed: panicked at"),
    (
        "chatters",
        |n| {
            print!("{}", "hola ".repeat(MUCH));
            if n == 2 { 5 } else { 0 }
        },
        "observed: twice two was 5",
    ),
    (
        "unwritten",
        |n| if n == 2 { todo!("step 1: add it to itself") } else { 0 },
        "observed: not written yet: step 1: add it to itself",
    ),
];

/// More, in words, than the runner keeps of what a subject says.
const MUCH: usize = 1_000_000;

fn hang() -> u64 {
    loop {
        std::thread::park();
    }
}

fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { deeper(depth + 1) + frame[1] }
}

/// What is said first is what went wrong; what follows ends the process.
fn panics_twice() -> u64 {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on the way out");
        }
    }
    let _panics = Panics;
    panic!("too hard")
}

fn main() -> ExitCode {
    let Ok(toy) = env::var(TOY) else {
        let mut trials: Vec<Trial> = BROKEN.iter().map(|(name, _, observed)| named(name, observed)).collect();
        trials.push(Trial::test("an_exact_list_passes", || {
            expect(&run("listed", &[])?, true, &["2 passed", "1 ignored"])
        }));
        trials.push(Trial::test("a_mended_failure_must_leave_the_list", || {
            expect(&run("over-listed", &[])?, false, &["T2 stands in over-listed's list of failures", "it holds"])
        }));
        trials.push(Trial::test("nothing_applicable_is_a_failure", || {
            expect(&run("colourless", &[])?, false, &["not one check was applicable"])
        }));
        trials.push(Trial::test("not_applicable_is_an_outcome_of_its_own", || {
            expect(&run("right", &[])?, true, &["2 passed", "1 ignored"])
        }));
        trials.push(Trial::test("an_unwritten_exercise_is_held_to_be_unwritten", || {
            expect(&run("pristine", &["T1"])?, true, &["1 passed"])?;
            expect(&run("pristine", &["T2"])?, false, &["T2: expected \"not written yet\", and saw: it holds"])
        }));
        trials.push(Trial::test("filters_and_lists_are_those_of_libtest", || {
            expect(&run("right", &["--list"])?, true, &["right::T1: test", "right::T2: test", "right::T3: test"])?;
            expect(&run("right", &["--exact", "right::T1"])?, true, &["1 passed", "2 filtered out"])
        }));
        trials.push(Trial::test("lines_are_for_a_program_that_reads_them", lines));
        return libtest_mimic::run(&Arguments::from_args(), trials).exit_code();
    };
    let right: Doubler = |n| 2 * n;
    let broken =
        |name| BROKEN.iter().find(|(other, ..)| *other == name).map(|(name, subject, _)| Subject::new(name, *subject));
    let subject = match toy.as_str() {
        "right" => Subject::new("right", right),
        "listed" => broken("hangs").expect("stands above").fails(&[("T1", "it hangs")]),
        "over-listed" => Subject::new("over-listed", broken("hangs").expect("stands above").value)
            .fails(&[("T1", "it hangs"), ("T2", "it does not")]),
        "colourless" => return harness::main(&CHECKS[2..], vec![Subject::new("colourless", right)]),
        "pristine" => Subject { unwritten: true, ..broken("unwritten").expect("stands above") },
        name => broken(name).expect("a toy of this name"),
    };
    harness::main(&CHECKS, vec![subject])
}

/// The failure of this toy is reported under the name of its check, in at most eight lines, and the
/// others are not hurt.
fn named(name: &'static str, observed: &'static str) -> Trial {
    Trial::test(format!("names_what_is_wrong::{name}"), move || {
        let output = run(name, &[])?;
        let check = format!("---- {name}::T1 ----");
        expect(
            &output,
            false,
            &[
                &check,
                "T1 (must): twice two is four",
                observed,
                "read on:  notes/en/contrato.md#t1",
                "1 passed; 1 failed; 1 ignored",
            ],
        )?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let report: Vec<&str> =
            text.split(&check).nth(1).unwrap_or_default().trim().lines().take_while(|line| !line.is_empty()).collect();
        if report.len() > 8 {
            return Err(format!("the report has {} lines:\n{}", report.len(), report.join("\n")).into());
        }
        Ok(())
    })
}

/// Each check is announced, then its beginning and its outcome; nothing else is on stdout.
fn lines() -> Result<(), Failed> {
    let mut command = Command::new(env::current_exe()?);
    let output = command.env(TOY, "hangs").env("HARNESS_LINES", "1").env("LANG", "es_ES.UTF-8").output()?;
    let text = String::from_utf8(output.stdout)?;
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
    if announced == first && lines == then.collect::<Vec<_>>() { Ok(()) } else { Err(text.into()) }
}

fn run(toy: &str, arguments: &[&str]) -> Result<Output, Failed> {
    let program = env::current_exe()?;
    Ok(Command::new(program).args(arguments).env(TOY, toy).env("LANG", "en_US.UTF-8").output()?)
}

fn expect(output: &Output, success: bool, texts: &[&str]) -> Result<(), Failed> {
    let printed = [&output.stdout[..], &output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let missing = texts.iter().find(|text| !printed.contains(**text));
    match missing {
        Some(text) => Err(format!("{text:?} is missing in:\n{printed}").into()),
        None if output.status.success() != success => Err(format!("ended with {}:\n{printed}", output.status).into()),
        None => Ok(()),
    }
}
