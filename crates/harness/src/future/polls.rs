//! A4, A6, A9 and A14: what a poll may do, too often, too late, for the first time, and for how
//! long.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use super::{
    AfterReady, Child, Tested,
    child::Does,
    drive::{exhaust, finish, fire, pending},
    tested::{Kind, Polled},
};
use crate::{
    probe::{PATIENCE, Task, WakerProbe, meanwhile::Sleeper},
    run::{
        caught::caught,
        check::{Verdict, failed, holds, not_applicable},
    },
};

/// How many polls nobody asked for.
const SPURIOUS: usize = 8_000;

pub(super) fn a4_spurious_polls(subject: &Tested) -> Verdict {
    match &subject.kind {
        Kind::Completes(make) => spurious(&mut Task::from(make()), None),
        Kind::Inert(make) => spurious(&mut Task::from(make()), Some("it is declared inert")),
        _ => subject.each_waiting(|make| {
            let mut waiting = make();
            spurious(&mut waiting.task, Some("its event has not happened"))?;
            fire(waiting.event)?;
            exhaust(&mut waiting.task, "thousands of spurious polls and its event later")
        }),
    }
}

/// Polls half of the time with one waker, half of the time with a new one each time. The last poll
/// is with the task's.
fn spurious(task: &mut Task<dyn Polled>, never_ready: Option<&str>) -> Verdict {
    /// A queue that is emptied once it is full may keep many (async-io's keeps up to a thousand
    /// operations).
    const MANY: usize = SPURIOUS / 4;
    let other = WakerProbe::new();
    for poll in 1..=SPURIOUS {
        let polled = if poll % 2 == 1 { task.poll_with(&other.waker()) } else { task.poll() };
        if polled.is_ready() {
            return match never_ready {
                Some(why) => failed(format!("poll {poll} was Ready, and {why}")),
                None => Ok(()),
            };
        }
    }
    let kept = task.kept_wakers() + other.live();
    holds(kept < MANY, || format!("after {SPURIOUS} polls it keeps {kept} wakers: one for each poll, or nearly so"))
}

pub(super) fn a6_after_ready(subject: &Tested) -> Verdict {
    match &subject.kind {
        Kind::Inert(_) => not_applicable("it is declared inert"),
        Kind::Completes(make) => {
            let mut task = Task::from(make());
            exhaust(&mut task, "polled again and again")?;
            after_ready(subject, &mut task)
        }
        _ => subject.each_waiting(|make| {
            let mut waiting = make();
            pending(waiting.task.poll())?;
            if let Some(is_terminated) = &subject.is_terminated {
                let done = is_terminated(waiting.task.future().as_any());
                holds(!done, || "it is pending and says that it is terminated: a `select!` would never poll it again")?;
            }
            fire(waiting.event)?;
            exhaust(&mut waiting.task, "its event having happened")?;
            after_ready(subject, &mut waiting.task)
        }),
    }
}

fn after_ready(subject: &Tested, task: &mut Task<dyn Polled>) -> Verdict {
    let terminated = subject.is_terminated.as_ref().map(|is_terminated| is_terminated(task.future().as_any()));
    for poll in ["first", "second"] {
        let found = match caught(|| task.poll()) {
            Err(_) => AfterReady::Panics,
            Ok(Poll::Pending) => AfterReady::Pending,
            Ok(Poll::Ready(())) => AfterReady::Ready,
        };
        if let Some(declared) = subject.after_ready {
            holds(found == declared, || {
                format!("the {poll} poll after Ready: declared is {declared:?}, observed {found:?}")
            })?;
        }
        holds(terminated != Some(false) || found == AfterReady::Ready, || {
            format!("after Ready it says that it is not terminated, and the {poll} poll: {found:?}")
        })?;
    }
    Ok(())
}

pub(super) fn a9_lazy(subject: &Tested) -> Verdict {
    if let Some(make) = &subject.lazy {
        let (future, begun) = make();
        holds(!begun(), || "it was made and not polled, and its work had begun")?;
        let mut task = Task::from(future);
        let polled = caught(|| task.poll());
        return holds(begun(), || format!("its work had not even begun after its first poll ({polled:?})"));
    }
    match &subject.kind {
        Kind::Combines(of, combine) => {
            let (children, lives): (Vec<_>, Vec<_>) = of.children(Does::Waits).map(Child::new).unzip();
            let mut task = Task::from(combine(children));
            let polls = || lives.iter().map(|life| life.polls()).sum::<usize>();
            let early = polls();
            holds(early == 0, || format!("it was made and not polled, and its children were polled {early} times"))?;
            let _ = task.poll();
            holds(polls() > 0, || "its first poll polled none of its children")
        }
        Kind::Permits(make) => {
            let (unpolled, second, release) = make();
            let mut second = Task::from(second);
            pending(second.poll())?;
            fire(release)?;
            let verdict = finish(
                &mut second,
                "another future, which nobody had polled, was made before it; a permit was released",
            );
            drop(unpolled);
            verdict
        }
        _ => not_applicable("it does not say when its work begins"),
    }
}

pub(super) fn a14_poll_returns(subject: &Tested) -> Verdict {
    if let Kind::Completes(make) | Kind::Inert(make) = &subject.kind {
        let mut task = Task::from(make());
        return holds(!watched(&mut task, || ()).1, || "poll put its thread to sleep for a tenth of a second");
    }
    subject.each_waiting(|make| {
        let mut waiting = make();
        let (poll, blocked) = watched(&mut waiting.task, waiting.event);
        holds(!blocked, || format!("poll did not return before its event had happened, and then returned {poll:?}"))
    })
}

/// Polls once, and tells whether the poll blocked: whether its thread slept for a tenth of a
/// second, or did not return at all. Then `free` lets it go on.
fn watched(task: &mut Task<dyn Polled>, free: impl FnOnce() + Send + 'static) -> (Poll<()>, bool) {
    const LOOK: Duration = Duration::from_millis(2);
    const ASLEEP: u32 = 50;
    let polling = Sleeper::this_thread();
    let (returned, hear) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let (mut asleep, begin) = (0, Instant::now());
        while hear.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            asleep = if polling.as_ref().is_some_and(Sleeper::is_asleep) { asleep + 1 } else { 0 };
            if asleep >= ASLEEP || begin.elapsed() >= PATIENCE {
                free();
                return true;
            }
        }
        false
    });
    let poll = task.poll();
    drop(returned);
    (poll, watch.join().unwrap_or(true))
}
