//! One check, one process: the program runs itself again for each check, so that a hang, a stack
//! overflow, a crash and a panic each end that check alone, and are reported under its name.

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

/// Set in the process that runs one check: `subject::id`.
const ASKED: &str = "HARNESS_RUN_CHECK";
/// Stands before the report on the child's stdout, whatever the subject printed before.
const MARK: &str = "\n@@ harness report @@ ";
/// The longest report, in bytes: of a child that prints much, only the end is kept.
const LONGEST: usize = 1 << 16;
/// What the child is given beyond the deadline to die by itself, should its parent be gone.
const GRACE: Duration = Duration::from_secs(5);

/// How a check ended, seen from outside of the process that ran it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// What must hold was seen to hold.
    Passed,
    /// It does not hold; what was observed instead.
    Failed(String),
    /// The check cannot judge this subject, and why.
    NotApplicable(String),
    /// A part of the exercise is still to be written.
    NotWritten(String),
    /// The subject, or the check, panicked with this text.
    Panicked(String),
    /// Nothing came of it before the deadline.
    Hung(Duration),
    /// The stack was used up.
    StackOverflow,
    /// The process ended in any other way that is no verdict.
    Crashed(String),
}

impl Outcome {
    /// Whether what must hold was seen not to hold.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Outcome::Passed | Outcome::NotApplicable(_) | Outcome::NotWritten(_))
    }

    /// The word for it in a list of results.
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

    /// What was observed, as the line of a report.
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

/// Runs the check `name` (`subject::id`) in a process of its own, with the arguments of this one.
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
    // What the check started and left behind must not outlive it, nor hold its pipes open.
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
    // The first is what Rust's own handler says, the second what AddressSanitizer says in its
    // place.
    if ["has overflowed its stack", "AddressSanitizer: stack-overflow"].iter().any(|words| stderr.contains(words)) {
        return Outcome::StackOverflow;
    }
    if let Some(out_of_memory) = process::out_of_memory(stderr) {
        return Outcome::Crashed(out_of_memory);
    }
    let panicked = first_panic(stderr);
    // A `todo!()` in the drop of a waker ends the process, if it is a panic that drops it.
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

/// The place and the first line of the first panic, which others may have followed on the way out.
fn first_panic(stderr: &str) -> Option<(&str, &str)> {
    let mut lines = stderr.lines();
    let place = lines.find(|line| line.starts_with("panicked at "))?;
    Some((place, lines.next().unwrap_or_default()))
}

/// Whether this process was started for one check, so that what a whole run prepares once need not
/// be prepared again.
pub fn in_check() -> bool {
    asked().is_some()
}

/// In the process that was started for one check: its name.
pub(crate) fn asked() -> Option<String> {
    env::var(ASKED).ok()
}

/// Runs one check here, and leaves its report on stdout. A thread ends the process some time after
/// the deadline, should its parent be gone.
pub(crate) fn answer(deadline: Duration, check: impl FnOnce() -> Verdict) {
    thread::spawn(move || {
        thread::park_timeout(deadline + GRACE);
        process::kill_group(getpid(), Signal::KILL);
    });
    answer_here(check);
}

/// The same without another thread: the kernel ends the process with its parent.
pub(crate) fn answer_alone(test: impl FnOnce() -> Verdict) {
    // Without it the process would only live longer.
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

/// Ends the check as a failure, with what was observed, from a thread that watches the one which
/// runs it.
pub(crate) fn give_up(observed: String) -> ! {
    let (word, text) = unless_unwritten("failed", observed);
    report(word, &text);
    std::process::exit(0)
}

fn report(word: &str, text: &str) {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let mut stdout = std::io::stdout().lock();
    // If nobody reads it, nobody wants to know.
    let _ = write!(stdout, "{MARK}{word} {text}").and_then(|()| stdout.flush());
}

/// A `todo!()` on another thread is what stopped the check, whatever it saw of that.
fn unless_unwritten(word: &'static str, text: String) -> (&'static str, String) {
    unwritten().take().map_or((word, text), |step| ("not-written", step))
}

/// Runs `check`, and gives the text and the place of a panic instead of printing it.
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

/// What the first `todo!()` said that was hit here, on whichever thread.
fn unwritten() -> MutexGuard<'static, Option<String>> {
    static STEP: Mutex<Option<String>> = Mutex::new(None);
    STEP.lock().unwrap_or_else(PoisonError::into_inner)
}
