//! The runner: runs every check on every subject, each in its own process, and lists and filters
//! them like ordinary tests.

use std::{process::ExitCode, rc::Rc, thread, time::Duration};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use super::{
    check::{Check, Verdict},
    child::{self, Outcome, judge},
    lines,
    report::report,
};

/// A value to be judged by checks, with its name in the list of tests.
pub struct Subject<S> {
    /// Its name, such as `s1-shared-writer`.
    pub name: &'static str,
    /// The subject itself.
    pub value: S,
    /// The ids of the checks that it fails, each with the reason. The list is exact: if a check in
    /// this list passes, the run fails.
    pub fails: &'static [(&'static str, &'static str)],
    /// True for an exercise that the reader has not begun: every check must end as "not written
    /// yet".
    pub unwritten: bool,
    /// The ids of the checks that run on it. `None` means all; a step of an exercise names a few.
    pub only: Option<&'static [&'static str]>,
    /// The ids of the checks that take long on it. They are ignored unless the command line asks
    /// for ignored tests, as `just long` does.
    pub long: &'static [&'static str],
}

impl<S> Subject<S> {
    /// A subject that passes every check that applies to it.
    pub fn new(name: &'static str, value: S) -> Self {
        Subject { name, value, fails: &[], unwritten: false, only: None, long: &[] }
    }

    /// Declares that the subject fails exactly these checks, each with its reason.
    #[must_use]
    pub fn fails(self, fails: &'static [(&'static str, &'static str)]) -> Self {
        Subject { fails, ..self }
    }

    /// Runs and lists only these checks on the subject.
    #[must_use]
    pub fn only(self, ids: &'static [&'static str]) -> Self {
        Subject { only: Some(ids), ..self }
    }

    /// Leaves these checks on the subject to `just long`.
    #[must_use]
    pub fn long(self, ids: &'static [&'static str]) -> Self {
        Subject { long: ids, ..self }
    }

    fn is_judged_by(&self, check: &Check<S>) -> bool {
        self.only.is_none_or(|ids| ids.contains(&check.id))
    }
}

/// The `main` of a test target (`harness = false`) that has one list of checks. See [`Suite`].
///
/// # Panics
///
/// If a subject names a check that is not in `checks`.
pub fn main<S: 'static>(checks: &'static [Check<S>], subjects: Vec<Subject<S>>) -> ExitCode {
    Suite::new().checks(checks, subjects).main()
}

/// The `main` of an exercise: like [`main`], with one subject for each step.
///
/// A step's subject is called `step-1`, or `step-4::join` if the step has several. It lists with
/// [`only`](Subject::only) the checks that pass once the reader has written this step and the steps
/// before it. `pristine` means that the reader has written nothing: every check must end as "not
/// written yet". CI sets it with `EXERCISE_PRISTINE=1`.
///
/// # Panics
///
/// As [`main`] does.
pub fn exercise<S: 'static>(pristine: bool, checks: &'static [Check<S>], steps: Vec<Subject<S>>) -> ExitCode {
    main(checks, unwritten_if(pristine, steps))
}

/// If `pristine`, marks every step as unwritten: each check must then end as "not written yet".
pub fn unwritten_if<S>(pristine: bool, steps: Vec<Subject<S>>) -> Vec<Subject<S>> {
    steps.into_iter().map(|step| Subject { unwritten: pristine, ..step }).collect()
}

/// The content of a test target with `harness = false`: checks on subjects, and tests that need
/// their own process. It understands libtest's command line.
///
/// For each check and each test the program starts itself again as a child process. These processes
/// run in parallel, six for each core, because they spend most of their time waiting.
///
/// ```no_run
/// use harness::{Subject, Suite, waker};
/// use std::task::Waker;
///
/// fn main() -> std::process::ExitCode {
///     let noop = Subject::new("noop", waker::Tested::inert(|| Waker::noop().clone()));
///     Suite::new().checks(&waker::CHECKS, vec![noop]).alone("allocates_nothing", || ()).main()
/// }
/// ```
#[derive(Default)]
pub struct Suite {
    cases: Vec<Case>,
}

/// One entry of the list of tests.
struct Case {
    name: String,
    kind: Kind,
    /// True if only `just long` runs it.
    long: bool,
    run: Box<dyn FnOnce() -> Verdict>,
}

enum Kind {
    /// A check on a subject.
    Check { facts: Check<()>, subject: &'static str, declared: Option<&'static str>, unwritten: bool },
    /// A test that needs its own process.
    Alone,
}

/// The deadline of a test added with [`Suite::alone`]; a test that takes longer is reported as a
/// hang.
const ALONE: Duration = Duration::from_secs(300);

impl Suite {
    /// An empty suite.
    pub fn new() -> Self {
        Suite::default()
    }

    /// Adds a list of checks and the subjects on which they run.
    ///
    /// # Panics
    ///
    /// If a subject names a check that is not in `checks`.
    #[must_use]
    pub fn checks<S: 'static>(mut self, checks: &'static [Check<S>], subjects: Vec<Subject<S>>) -> Self {
        // In the process that was started for one case, only the subject of that case matters.
        let asked = child::asked();
        let matters = |subject: &Subject<S>| asked.as_ref().is_none_or(|name| name.starts_with(subject.name));
        for subject in subjects.into_iter().filter(matters) {
            let named =
                subject.fails.iter().map(|(id, _)| id).chain(subject.only.unwrap_or_default()).chain(subject.long);
            for id in named {
                assert!(checks.iter().any(|check| check.id == *id), "{} names {id}: no such check", subject.name);
            }
            let subject = Rc::new(subject);
            for check in checks.iter().filter(|check| subject.is_judged_by(check)) {
                let subject = Rc::clone(&subject);
                let declared = subject.fails.iter().find(|(id, _)| *id == check.id).map(|(_, why)| *why);
                self.cases.push(Case {
                    name: trial_name(subject.name, check.id),
                    kind: Kind::Check {
                        facts: check.facts(),
                        subject: subject.name,
                        declared,
                        unwritten: subject.unwritten,
                    },
                    long: subject.long.contains(&check.id),
                    run: Box::new(move || (check.run)(&subject.value)),
                });
            }
        }
        self
    }

    /// Adds a test that runs on the main thread of a process without other threads. A test that
    /// counts the allocations of the whole process needs this. It fails if it panics.
    #[must_use]
    pub fn alone(self, name: &str, test: fn()) -> Self {
        self.with(name, test, false)
    }

    /// Like [`alone`](Suite::alone), for a test that takes long: only `just long` runs it.
    #[must_use]
    pub fn alone_and_long(self, name: &str, test: fn()) -> Self {
        self.with(name, test, true)
    }

    fn with(mut self, name: &str, test: fn(), long: bool) -> Self {
        let run = move || {
            test();
            Ok(())
        };
        self.cases.push(Case { name: name.to_owned(), kind: Kind::Alone, long, run: Box::new(run) });
        self
    }

    /// Runs the cases that the command line selects.
    ///
    /// A failed check prints what must hold, what was observed, why it matters and which page
    /// explains it. The run also fails if a declared failure does not happen, or if no check was
    /// applicable. With `--nocapture`, the run also prints the output of each process.
    pub fn main(self) -> ExitCode {
        if let Some(name) = child::asked() {
            return self.answer(&name);
        }
        let mut arguments = Arguments::from_args();
        arguments.test_threads.get_or_insert_with(|| 6 * thread::available_parallelism().map_or(1, usize::from));
        let lines = lines::asked();
        if lines {
            arguments.logfile = Some("/dev/null".into());
            for Case { name, kind, .. } in &self.cases {
                if let Kind::Check { facts, .. } = kind {
                    lines::print(name, facts, "", "");
                }
            }
        }
        let trials = self
            .cases
            .into_iter()
            .map(|case| trial(case.name, case.kind, lines).with_ignored_flag(case.long))
            .collect();
        let conclusion = libtest_mimic::run(&arguments, trials);
        let everything = !arguments.list && arguments.filter.is_none() && arguments.skip.is_empty();
        if everything && conclusion.num_passed + conclusion.num_failed == 0 {
            eprintln!("error: not one check was applicable, so nothing was checked");
            return ExitCode::FAILURE;
        }
        conclusion.exit_code()
    }

    /// Runs in the child process: executes the one case that the parent asked for.
    fn answer(self, name: &str) -> ExitCode {
        let Some(case) = self.cases.into_iter().find(|case| case.name == name) else {
            eprintln!("error: nothing here is called '{name}'");
            return ExitCode::from(2);
        };
        match case.kind {
            Kind::Check { facts, .. } => child::answer(facts.deadline, case.run),
            Kind::Alone => child::answer_alone(case.run),
        }
        ExitCode::SUCCESS
    }
}

fn trial_name(subject: &str, id: &str) -> String {
    format!("{subject}::{id}")
}

fn trial(name: String, kind: Kind, lines: bool) -> Trial {
    Trial::ignorable_test(name.clone(), move || match kind {
        Kind::Alone => match judge(&name, ALONE) {
            Outcome::Passed => Ok(Completion::Completed),
            outcome => Err(Failed::from(outcome.observed())),
        },
        Kind::Check { facts, subject, declared, unwritten } => {
            if lines {
                lines::print(&name, &facts, lines::BEGUN, "");
            }
            let outcome = judge(&name, facts.deadline);
            if lines {
                lines::print(&name, &facts, outcome.word(), &outcome.observed());
            }
            completion(&facts, subject, declared, unwritten, &outcome)
        }
    })
}

/// Compares the outcome of a check with what the subject declares, and says whether the test
/// passes.
fn completion(
    check: &Check<()>,
    subject: &str,
    declared: Option<&str>,
    unwritten: bool,
    outcome: &Outcome,
) -> Result<Completion, Failed> {
    match (outcome, declared) {
        (Outcome::NotApplicable(why), None) => Ok(Completion::ignored_with(format!("not applicable: {why}"))),
        (Outcome::NotWritten(_), None) if unwritten => Ok(Completion::Completed),
        (_, None) if unwritten => {
            Err(Failed::from(format!("{}: expected \"not written yet\", and saw: {}", check.id, outcome.observed())))
        }
        (Outcome::Passed, None) => Ok(Completion::Completed),
        (outcome, Some(_)) if outcome.is_failure() => Ok(Completion::Completed),
        (outcome, Some(why)) => Err(Failed::from(format!(
            "{} stands in {subject}'s list of failures ({why}), but this time: {}\nIf it is mended, remove it from the list.",
            check.id,
            outcome.observed()
        ))),
        (outcome, None) => Err(Failed::from(report(check, outcome))),
    }
}

/// Runs a check in the child process that [`judge`] started, for a program with several subjects.
///
/// Returns `true` if this process is such a child and ran one of `checks` on one of `subjects`. The
/// program must then end. Returns `false` in the parent.
pub fn answered_among<S>(checks: &[Check<S>], subjects: &[Subject<S>]) -> bool {
    let Some(name) = child::asked() else { return false };
    let asked = |subject: &Subject<S>| checks.iter().position(|check| name == trial_name(subject.name, check.id));
    let found = subjects.iter().find_map(|subject| Some((subject, asked(subject)?)));
    found
        .inspect(|(subject, check)| child::answer(checks[*check].deadline, || (checks[*check].run)(&subject.value)))
        .is_some()
}

/// Runs a check in the child process that [`judge`] started, for a program with one subject.
///
/// Returns `true` if this process is such a child and ran one of `checks`. The program must then
/// end. Returns `false` in the parent.
pub fn answered<S>(checks: &[Check<S>], subject: &S) -> bool {
    let Some(name) = child::asked() else { return false };
    let check = checks.iter().find(|check| name.ends_with(&format!("::{}", check.id)));
    check.inspect(|check| child::answer(check.deadline, || (check.run)(subject))).is_some()
}
