//! Runs the checks of the built program, under one deadline for all of them and a memory limit for
//! each process.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use super::{
    graded::Judged,
    order::{Order, secs},
};
use crate::run::{
    child::Outcome,
    lines,
    process::{self, Group, collect},
};

/// The number of checks that run at once. It is small because their memory limits add up.
const AT_A_TIME: &str = "4";
/// The time that a program has to end after SIGTERM, before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// Returns the result of each check, in the order of the exercise.
///
/// # Errors
///
/// The exercise has no such step, or its program did not list its checks.
pub(super) fn run(program: &Path, order: &Order, bar: &ProgressBar) -> Result<Vec<Judged>, String> {
    // `Resource::Data` counts private memory; a limit on addresses would also count memory that is
    // only reserved. The processes that this one starts inherit the limit.
    let bytes = Some(u64::from(order.limits.memory_mib) << 20);
    let limited = setrlimit(Resource::Data, Rlimit { current: bytes, maximum: bytes })
        .and_then(|()| setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }));
    limited.map_err(|error| format!("cannot limit the memory to {} MiB: {error}", order.limits.memory_mib))?;

    let mut command = Command::new(program);
    command.args(order.step().map(|step| step + "::")).args(["--test-threads", AT_A_TIME]);
    command.env(lines::ASKED, "1").env_remove("EXERCISE_PRISTINE").current_dir(program.with_file_name(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::spawn(&mut command, Signal::TERM).map_err(|error| format!("cannot start it: {error}"))?;
    let stderr = collect(group.child.stderr.take());
    let (send, receive) = mpsc::channel();
    let stdout = group.child.stdout.take();
    thread::spawn(move || {
        let lines = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok);
        for judged in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
            if send.send(judged).is_err() {
                return; // The deadline has passed.
            }
        }
    });

    let deadline = secs(order.limits.seconds);
    let end = Instant::now() + deadline;
    let mut all: Vec<Judged> = Vec::new();
    let late = loop {
        match receive.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(judged) => {
                record(&mut all, judged);
                let of_step = || all.iter().filter(|judged| order.includes(&judged.step));
                let ended = of_step().filter(|judged| !["", lines::BEGUN].contains(&judged.outcome.as_str())).count();
                bar.set_message(format!("{}: {ended} of {} checks", order.file.display(), of_step().count()));
            }
            Err(RecvTimeoutError::Disconnected) => break false,
            Err(RecvTimeoutError::Timeout) => break true,
        }
    };
    if late {
        process::kill_group(process::pid_of(&group.child), Signal::TERM);
    }
    let status = process::wait(&mut group.child, GRACE).ok().flatten();
    drop(group);
    let stderr = stderr.join().unwrap_or_default();
    let missing = if late { Outcome::Hung(deadline) } else { ended(status, &stderr) };
    if all.is_empty() {
        return Err(format!("the exercise's program lists no checks: {}", missing.observed()));
    }
    selected(all, order, &missing)
}

/// Records a line of the runner: it announces a check, or replaces the entry of a known check.
fn record(all: &mut Vec<Judged>, mut judged: Judged) {
    judged.step = judged.name.split("::").next().unwrap_or_default().to_owned();
    match all.iter_mut().find(|known| known.name == judged.name) {
        None => all.push(judged),
        Some(known) => *known = judged,
    }
}

/// The checks of the requested step. `missing` is the outcome of those that began and did not end.
fn selected(all: Vec<Judged>, order: &Order, missing: &Outcome) -> Result<Vec<Judged>, String> {
    let mut steps: Vec<String> = all.iter().map(|judged| judged.step.clone()).collect();
    let selected: Vec<_> =
        all.into_iter().filter(|judged| order.includes(&judged.step)).map(|judged| filled(judged, missing)).collect();
    if selected.is_empty() {
        steps.dedup();
        return Err(format!("the exercise of {} has no such step; it has {}", order.lesson, steps.join(", ")));
    }
    Ok(selected)
}

fn filled(judged: Judged, missing: &Outcome) -> Judged {
    match judged.outcome.as_str() {
        "" => Judged {
            outcome: "not run".into(),
            observed: "the whole run ended before this check began".into(),
            ..judged
        },
        lines::BEGUN => Judged { outcome: missing.word().into(), observed: missing.observed(), ..judged },
        _ => judged,
    }
}

fn ended(status: Option<ExitStatus>, stderr: &str) -> Outcome {
    let words = process::out_of_memory(stderr).or_else(|| Some(stderr.lines().next_back()?.to_owned()));
    let status = status.map_or("still running".to_owned(), |status| status.to_string());
    Outcome::Crashed(format!("the program that runs the checks ended first ({status}) {}", words.unwrap_or_default()))
}
