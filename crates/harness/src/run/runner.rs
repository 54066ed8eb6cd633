//! The runner: every check on every subject, each in a process of its own, listed and filtered as
//! ordinary tests.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use super::{
    check::Check,
    child::{self, Outcome, judge},
    lines,
    report::report,
};

/// Something to be checked, under the name that stands in the list of tests.
pub struct Subject<S> {
    /// Its name: `s1-shared-writer`.
    pub name: &'static str,
    /// The subject itself.
    pub value: S,
    /// The checks that it fails, and why. The list is exact: one that passes although it stands
    /// here is an error too.
    pub fails: &'static [(&'static str, &'static str)],
    /// The subject is an exercise as its reader finds it: every check must end as "not written
    /// yet".
    pub unwritten: bool,
    /// The ids of the checks that are run on it: `None` for all, some for a step of an exercise.
    pub only: Option<&'static [&'static str]>,
}

impl<S> Subject<S> {
    /// A subject that passes every check that applies to it.
    pub fn new(name: &'static str, value: S) -> Self {
        Subject { name, value, fails: &[], unwritten: false, only: None }
    }

    /// The same subject, which fails exactly these checks, each with its reason.
    #[must_use]
    pub fn fails(self, fails: &'static [(&'static str, &'static str)]) -> Self {
        Subject { fails, ..self }
    }

    /// The same subject, on which only these checks are run, and listed.
    #[must_use]
    pub fn only(self, ids: &'static [&'static str]) -> Self {
        Subject { only: Some(ids), ..self }
    }

    fn is_judged_by(&self, check: &Check<S>) -> bool {
        self.only.is_none_or(|ids| ids.contains(&check.id))
    }
}

/// The `main` of a contract target (`harness = false`): runs every check on every subject under
/// libtest's command line.
///
/// A failed check prints what must hold, what was observed, why it matters and where to read on. It
/// is an error if a declared failure does not happen, or if nothing was applicable.
///
/// # Panics
///
/// If a subject names a check that is not in `checks`.
pub fn main<S: 'static>(checks: &'static [Check<S>], subjects: Vec<Subject<S>>) -> ExitCode {
    for subject in &subjects {
        let named = subject.fails.iter().map(|(id, _)| id).chain(subject.only.unwrap_or_default());
        for id in named {
            assert!(checks.iter().any(|check| check.id == *id), "{} names {id}: no such check", subject.name);
        }
    }
    let pairs = subjects.iter().flat_map(|subject| {
        checks.iter().filter(|check| subject.is_judged_by(check)).map(move |check| (subject, check))
    });
    if answered_among(checks, &subjects) {
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    // Checks spend their time waiting for processes and deadlines, hardly ever for a processor.
    arguments.test_threads.get_or_insert_with(|| 6 * std::thread::available_parallelism().map_or(1, usize::from));
    let lines = lines::asked();
    if lines {
        arguments.logfile = Some("/dev/null".into());
        pairs.clone().for_each(|(subject, check)| lines::print(&trial_name(subject.name, check.id), check, "", ""));
    }
    let trials = pairs.map(|(subject, check)| trial(subject, check, lines)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let everything = !arguments.list && arguments.filter.is_none() && arguments.skip.is_empty();
    if everything && conclusion.num_passed + conclusion.num_failed == 0 {
        eprintln!("error: not one check was applicable, so nothing was checked");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// The `main` of an exercise: the same as [`main`], for subjects that are its steps.
///
/// Each step is a subject called `step-1` and so on, or `step-4::join` where a step has several,
/// with [`only`](Subject::only) the checks that pass once it and the steps before it are written.
/// With `pristine` (CI asks for it by `EXERCISE_PRISTINE=1`) the file is as its reader finds it,
/// and every check must end as "not written yet".
///
/// # Panics
///
/// As [`main`] does.
pub fn exercise<S: 'static>(pristine: bool, checks: &'static [Check<S>], steps: Vec<Subject<S>>) -> ExitCode {
    main(checks, steps.into_iter().map(|step| Subject { unwritten: pristine, ..step }).collect())
}

/// The `main` of a test (`harness = false`) that counts what its whole process does, on the heap
/// for example: runs these functions one after the other, with no thread beside them. (libtest's
/// own allocates now and then.)
pub fn alone(tests: &[(&'static str, fn())]) -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let trial = |&(name, test): &(&'static str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    libtest_mimic::run(&arguments, tests.iter().map(trial).collect()).exit_code()
}

fn trial_name(subject: &str, id: &str) -> String {
    format!("{subject}::{id}")
}

fn trial<S: 'static>(subject: &Subject<S>, check: &'static Check<S>, lines: bool) -> Trial {
    let name = trial_name(subject.name, check.id);
    let (subject_name, unwritten) = (subject.name, subject.unwritten);
    let declared = subject.fails.iter().find(|(id, _)| *id == check.id).map(|(_, why)| *why);
    Trial::ignorable_test(name.clone(), move || {
        if lines {
            lines::print(&name, check, lines::BEGUN, "");
        }
        let outcome = judge(&name, check.deadline);
        if lines {
            lines::print(&name, check, outcome.word(), &outcome.observed());
        }
        match (&outcome, declared) {
            (Outcome::NotApplicable(why), None) => Ok(Completion::ignored_with(format!("not applicable: {why}"))),
            (Outcome::NotWritten(_), None) if unwritten => Ok(Completion::Completed),
            (_, None) if unwritten => Err(Failed::from(format!(
                "{}: expected \"not written yet\", and saw: {}",
                check.id,
                outcome.observed()
            ))),
            (Outcome::Passed, None) => Ok(Completion::Completed),
            (outcome, Some(_)) if outcome.is_failure() => Ok(Completion::Completed),
            (outcome, Some(why)) => Err(Failed::from(format!(
                "{} stands in {subject_name}'s list of failures ({why}), and this time: {}\nIf it is mended, take it off the list.",
                check.id,
                outcome.observed()
            ))),
            (outcome, None) => Err(Failed::from(report(check, outcome))),
        }
    })
}

/// For a program that judges several subjects with [`judge`]: if this process is the one that
/// [`judge`] started, for `subject::id` of these, runs that and answers `true`. The program then
/// ends.
pub fn answered_among<S>(checks: &[Check<S>], subjects: &[Subject<S>]) -> bool {
    let Some(name) = child::asked() else { return false };
    let asked = |subject: &Subject<S>| checks.iter().position(|check| name == trial_name(subject.name, check.id));
    let found = subjects.iter().find_map(|subject| Some((subject, asked(subject)?)));
    found.inspect(|(subject, check)| child::answer(&checks[*check], &subject.value)).is_some()
}

/// For a program that judges one subject with [`judge`]: if this process is the one that [`judge`]
/// started, and for one of `checks`, runs that and answers `true`. The program then ends.
pub fn answered<S>(checks: &[Check<S>], subject: &S) -> bool {
    let Some(name) = child::asked() else { return false };
    let check = checks.iter().find(|check| name.ends_with(&format!("::{}", check.id)));
    check.inspect(|check| child::answer(check, subject)).is_some()
}
