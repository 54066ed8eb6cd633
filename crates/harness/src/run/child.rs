//! One process for each check: the program starts itself again as a child. A hang, a stack
//! overflow, a crash or a panic ends that child only, and is reported under the name of its check.

use std::{
    env,
    io::Write,
    os::unix::process::ExitStatusExt,
    panic::{self, AssertUnwindSafe},
    process::{Command, ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::process::{Signal, getpid, set_parent_process_death_signal};

use super::{
    caught::text,
    check::{Stop, Verdict},
    process::{self, Group, collect, not_written},
};

/// This environment variable tells a child process which check to run: `subject::id`.
const ASKED: &str = "HARNESS_RUN_CHECK";
/// Marks where the report begins on the child's stdout. The subject may have printed text before.
const MARK: &str = "\n@@ harness report @@ ";
/// The longest report, in bytes. The parent keeps only the end of the child's stdout, and the whole
/// report must be in it.
const LONGEST: usize = 1 << 16;
/// A child whose parent has died ends itself this long after the deadline.
const GRACE: Duration = Duration::from_secs(5);

/// How a check ended, as the parent of its process sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The check's sentence holds.
    Passed,
    /// The sentence does not hold. The text says what was observed.
    Failed(String),
    /// The check cannot judge this subject. The text says why.
    NotApplicable(String),
    /// The check reached a `todo!()` of an exercise. The text is its message.
    NotWritten(String),
    /// The subject or the check panicked with this text.
    Panicked(String),
    /// The check did not end before this deadline.
    Hung(Duration),
    /// The stack overflowed.
    StackOverflow,
    /// The process ended in another way, without a verdict.
    Crashed(String),
}

impl Outcome {
    /// Whether the outcome counts as a failure of the subject.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Outcome::Passed | Outcome::NotApplicable(_) | Outcome::NotWritten(_))
    }

    /// The outcome as a word in a list of results.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::NotApplicable(_) => "not applicable",
            Outcome::NotWritten(_) => "not written",
            Outcome::Panicked(_) => "panicked",
            Outcome::Hung(_) => "hung",
            Outcome::StackOverflow => "stack overflow",
            Outcome::Crashed(_) => "crashed",
        }
    }

    /// The outcome as the `observed` line of a report.
    pub fn observed(&self) -> String {
        match self {
            Outcome::Passed => "it holds".into(),
            Outcome::Failed(text) => text.clone(),
            Outcome::NotApplicable(why) => format!("not applicable: {why}"),
            Outcome::NotWritten(step) if step.is_empty() => "not written yet".into(),
            Outcome::NotWritten(step) => format!("not written yet: {step}"),
            Outcome::Panicked(text) => format!("panicked {text}"),
            Outcome::Hung(deadline) => format!("a hang: nothing came of it in {} s", deadline.as_secs_f32()),
            Outcome::StackOverflow => "a stack overflow".into(),
            Outcome::Crashed(how) => format!("a crash: {how}"),
        }
    }
}

/// Runs the check `name` (`subject::id`) in a child process, with the arguments of this process.
pub fn judge(name: &str, deadline: Duration) -> Outcome {
    match run_child(name, deadline) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Crashed(format!("the check could not be started: {error}")),
    }
}

fn run_child(name: &str, deadline: Duration) -> std::io::Result<Outcome> {
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1)).env(ASKED, name).env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::spawn(&mut command, Signal::KILL)?;
    let (stdout, stderr) = (collect(group.child.stdout.take()), collect(group.child.stderr.take()));
    let status = process::wait(&mut group.child, deadline);
    // Kills the processes that the check started. One that still held a pipe would block `join`.
    drop(group);
    let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
    if env::args().any(|argument| argument == "--nocapture") {
        let printed = stdout.rsplit_once(MARK).map_or(&*stdout, |(printed, _)| printed);
        print!("{printed}");
        eprint!("{stderr}");
    }
    Ok(status?.map_or(Outcome::Hung(deadline), |status| classify(status, &stdout, &stderr)))
}

fn classify(status: ExitStatus, stdout: &str, stderr: &str) -> Outcome {
    if let Some((_, report)) = stdout.rsplit_once(MARK) {
        let (word, text) = report.split_once(' ').unwrap_or((report, ""));
        let text = text.trim_end().to_owned();
        return match word {
            "passed" => Outcome::Passed,
            "failed" => Outcome::Failed(text),
            "not-applicable" => Outcome::NotApplicable(text),
            "not-written" => Outcome::NotWritten(text),
            _ => Outcome::Panicked(text),
        };
    }
    // For a stack overflow Rust's handler prints the first text, and AddressSanitizer the second.
    if ["has overflowed its stack", "AddressSanitizer: stack-overflow"].iter().any(|words| stderr.contains(words)) {
        return Outcome::StackOverflow;
    }
    if let Some(out_of_memory) = process::out_of_memory(stderr) {
        return Outcome::Crashed(out_of_memory);
    }
    let panicked = first_panic(stderr);
    // If an unwinding panic drops a waker, a `todo!()` in that drop aborts the process.
    if let Some(step) = panicked.and_then(|(_, text)| not_written(text)) {
        return Outcome::NotWritten(step.to_owned());
    }
    let found = stderr.lines().find(|line| line.contains("ERROR: AddressSanitizer"));
    let last_words = match (panicked, found.or_else(|| stderr.lines().next_back())) {
        (Some((place, text)), _) => format!("; its last words: {place} {text}"),
        (None, Some(line)) => format!("; its last words: {line}"),
        (None, None) => String::new(),
    };
    match status.signal() {
        Some(signal) => Outcome::Crashed(format!("ended by signal {signal}{last_words}")),
        None => Outcome::Crashed(format!("the process ended itself in the middle of the check, {status}{last_words}")),
    }
}

/// The place and the first line of the first panic. Its unwinding may have caused others.
fn first_panic(stderr: &str) -> Option<(&str, &str)> {
    let mut lines = stderr.lines();
    let place = lines.find(|line| line.starts_with("panicked at "))?;
    Some((place, lines.next().unwrap_or_default()))
}

/// Whether this process is the child that runs one check. A program uses this to skip what only the
/// parent has to prepare.
pub fn in_check() -> bool {
    asked().is_some()
}

/// The name of the check that this child process must run; `None` in the parent.
pub(crate) fn asked() -> Option<String> {
    env::var(ASKED).ok()
}

/// Runs one check in this process and prints its report on stdout. A second thread ends the process
/// after the deadline, in case the parent has died and cannot.
pub(crate) fn answer(deadline: Duration, check: impl FnOnce() -> Verdict) {
    thread::spawn(move || {
        thread::park_timeout(deadline + GRACE);
        process::kill_group(getpid(), Signal::KILL);
    });
    answer_here(check);
}

/// Like [`answer`], but without a second thread: the kernel ends the process when its parent dies.
pub(crate) fn answer_alone(test: impl FnOnce() -> Verdict) {
    // An error is harmless: without its parent the process would only live longer.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    answer_here(test);
}

fn answer_here(check: impl FnOnce() -> Verdict) {
    let (word, text) = match catch(check) {
        Ok(Ok(())) => ("passed", String::new()),
        Ok(Err(Stop::Failed(text))) => unless_unwritten("failed", text),
        Ok(Err(Stop::NotApplicable(text))) => unless_unwritten("not-applicable", text),
        Ok(Err(Stop::NotWritten(text))) => ("not-written", text),
        Err((text, place)) => match not_written(&text) {
            Some(step) => ("not-written", step.to_owned()),
            None => ("panicked", format!("{place}: {text}")),
        },
    };
    report(word, &text);
}

/// Ends the process and reports the check as failed. A thread that watches the check calls this.
pub(crate) fn give_up(observed: String) -> ! {
    let (word, text) = unless_unwritten("failed", observed);
    report(word, &text);
    std::process::exit(0)
}

fn report(word: &str, text: &str) {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let mut stdout = std::io::stdout().lock();
    // An error means that the parent has died, so there is no reader to inform.
    let _ = write!(stdout, "{MARK}{word} {text}").and_then(|()| stdout.flush());
}

/// If a thread hit a `todo!()`, reports that instead: the failure that the check saw follows from
/// it.
fn unless_unwritten(word: &'static str, text: String) -> (&'static str, String) {
    unwritten().take().map_or((word, text), |step| ("not-written", step))
}

/// Runs `check`. If it panics, returns the text and the place of the panic.
fn catch(check: impl FnOnce() -> Verdict) -> Result<Verdict, (String, String)> {
    static PLACE: Mutex<String> = Mutex::new(String::new());
    panic::set_hook(Box::new(|info| {
        eprintln!("{info}");
        if let Some(step) = info.payload_as_str().and_then(not_written) {
            unwritten().get_or_insert_with(|| step.to_owned());
        }
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) =
            info.location().map(|place| format!("at {place}")).unwrap_or_default();
    }));
    panic::catch_unwind(AssertUnwindSafe(check))
        .map_err(|payload| (text(&*payload), PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone()))
}

/// The message of the first `todo!()` that any thread of this process hit.
fn unwritten() -> MutexGuard<'static, Option<String>> {
    static STEP: Mutex<Option<String>> = Mutex::new(None);
    STEP.lock().unwrap_or_else(PoisonError::into_inner)
}
