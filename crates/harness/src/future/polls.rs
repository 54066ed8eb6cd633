//! A4, A6, A9 and A14: a spurious poll, a poll after `Ready`, the first poll, and a poll that
//! blocks.

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
    held::Polled,
    tested::Kind,
};
use crate::{
    probe::{PATIENCE, Task, WakerProbe, meanwhile::Sleeper},
    run::{
        caught::caught,
        check::{Verdict, failed, holds, not_applicable},
    },
};

/// The number of spurious polls: enough to distinguish a leak from a bounded queue of old wakers.
const SPURIOUS: usize = 8_000;

pub(super) fn a4_spurious_polls(subject: &Tested) -> Verdict {
    match &subject.kind {
        Kind::Completes(make) => spurious(&mut Task::from(make()), None),
        Kind::Inert(make) => spurious(&mut Task::from(make()), Some("it is declared inert")),
        _ => subject.each_waiting(|make| {
            let mut waiting = make();
            spurious(&mut waiting.task, Some("its event has not happened"))?;
            fire(waiting.event)?;
            exhaust(&mut waiting.task, "after thousands of spurious polls and its event")
        }),
    }
}

/// Polls with the task's own waker and with that of a second probe in turn. The last poll is with
/// the task's own.
fn spurious(task: &mut Task<dyn Polled>, never_ready: Option<&str>) -> Verdict {
    /// Some queues of wakers are emptied only when they are full. That of async-io, for example,
    /// holds up to a thousand operations. So the limit is well above that.
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
    holds(kept < MANY, || format!("after {SPURIOUS} polls it keeps {kept} wakers: almost one for each poll"))
}

pub(super) fn a6_after_ready(subject: &Tested) -> Verdict {
    match &subject.kind {
        Kind::Inert(_) => not_applicable("it is declared inert"),
        Kind::Completes(make) => {
            let mut task = Task::from(make());
            exhaust(&mut task, "after polls in a loop")?;
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
            exhaust(&mut waiting.task, "after its event")?;
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
                format!("the {poll} poll after Ready: {declared:?} is declared, and {found:?} was observed")
            })?;
        }
        holds(terminated != Some(false) || found == AfterReady::Ready, || {
            format!("after Ready it says that it is not terminated, but the result of the {poll} poll is {found:?}")
        })?;
    }
    Ok(())
}

pub(super) fn a9_lazy(subject: &Tested) -> Verdict {
    if let Some(make) = &subject.lazy {
        let (future, begun) = make();
        holds(!begun(), || "its work had begun before its first poll")?;
        let mut task = Task::from(future);
        let polled = caught(|| task.poll());
        return holds(begun(), || format!("its work had not begun after its first poll ({polled:?})"));
    }
    match &subject.kind {
        Kind::Combines(waits_for, combine) => {
            let (children, records): (Vec<_>, Vec<_>) = waits_for.children(Does::Waits).map(Child::new).unzip();
            let mut task = Task::from(combine(children));
            let polls = || records.iter().map(|record| record.polls()).sum::<usize>();
            let early = polls();
            holds(early == 0, || format!("its children were polled {early} times before its own first poll"))?;
            let _ = task.poll();
            holds(polls() > 0, || "its first poll polled none of its children")
        }
        Kind::Permits(make) => {
            let (unpolled, second, release) = make();
            let mut second = Task::from(second);
            pending(second.poll())?;
            fire(release)?;
            let verdict =
                finish(&mut second, "after a permit was released, while an older waiter had never been polled");
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
        holds(!blocked, || format!("poll blocked until its event happened, and then returned {poll:?}"))
    })
}

/// Polls once, and returns whether the poll blocked: its thread slept for a tenth of a second, or
/// the poll took longer than [`PATIENCE`]. In both cases `free` is called, so that the poll
/// returns.
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
