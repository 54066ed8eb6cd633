//! Functions that drive a subject: they make a future with its event, fire the event on another
//! thread, and poll.

use std::thread;

use super::{
    Child, Tested,
    child::Does,
    held::{Held, Polled},
    tested::{Kind, WaitsFor},
};
use crate::{
    probe::{PATIENCE, Task, meanwhile::Event},
    run::{
        caught::ended,
        check::{Stop, Verdict, failed, not_applicable},
        wait::until,
    },
};

/// A fresh future that is pending until its event, and that event.
pub(super) struct Waiting {
    pub task: Task<dyn Polled>,
    pub event: Event,
}

type Make<'a> = Box<dyn Fn() -> (Held, Event) + 'a>;

impl Tested {
    /// Runs a check once for each way in which this subject waits for an event. A join, for
    /// example, waits for its first child or for its second.
    pub(super) fn each_waiting(&self, check: impl Fn(&dyn Fn() -> Waiting) -> Verdict) -> Verdict {
        let ways: Vec<(&str, Make)> = match &self.kind {
            Kind::Waits(make) => vec![("", Box::new(make))],
            Kind::Permits(make) => vec![(
                "",
                Box::new(move || {
                    let (first, _, release) = make();
                    (first, release)
                }),
            )],
            Kind::Combines(waits_for, combine) => {
                let others = match waits_for {
                    WaitsFor::One => vec![("", vec![Does::Waits])],
                    WaitsFor::Both => vec![
                        ("the first child waits: ", vec![Does::Waits, Does::Ready]),
                        ("the second child waits: ", vec![Does::Ready, Does::Waits]),
                    ],
                    WaitsFor::Either => vec![
                        ("the first child waits: ", vec![Does::Waits, Does::Nothing]),
                        ("the second child waits: ", vec![Does::Nothing, Does::Waits]),
                    ],
                };
                others.into_iter().map(|(way, children)| (way, waiting_children(combine, children))).collect()
            }
            Kind::Completes(_) => return not_applicable("it does not wait for an event that the check can cause"),
            Kind::Inert(_) => return not_applicable("it is declared inert"),
        };
        let verdicts = ways.iter().map(|(way, make)| {
            let make = || {
                let (future, event) = make();
                Waiting { task: Task::from(future), event }
            };
            check(&make).map_err(|stop| stop.after(way))
        });
        all(verdicts)
    }
}

fn waiting_children(combine: &dyn Fn(Vec<Child>) -> Held, children: Vec<Does>) -> Make<'_> {
    Box::new(move || {
        let made: Vec<_> = children.iter().map(|does| Child::new(*does)).collect();
        let event =
            made.iter().zip(&children).find(|(_, does)| **does == Does::Waits).map(|((_, record), _)| record.event());
        let future = combine(made.into_iter().map(|(child, _)| child).collect());
        (future, event.expect("one of the children waits"))
    })
}

/// The worst of several verdicts. The result is "not applicable" only if all of them are.
pub(super) fn all(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut inapplicable = None;
    let mut held = false;
    for verdict in verdicts {
        match verdict {
            Ok(()) => held = true,
            Err(Stop::NotApplicable(why)) => inapplicable = Some(why),
            failed => return failed,
        }
    }
    match inapplicable {
        Some(why) if !held => Err(Stop::NotApplicable(why)),
        _ => Ok(()),
    }
}

/// For a poll before the event: stops the check as not applicable if the future is ready, because
/// A4 judges that.
pub(super) fn pending(poll: std::task::Poll<()>) -> Verdict {
    if poll.is_ready() { not_applicable("it was ready before its event (A4)") } else { Ok(()) }
}

/// Runs the event on another thread, and waits until it has returned.
pub(super) fn fire(event: Event) -> Verdict {
    ended(thread::spawn(event), "the event")
}

/// Polls after each wake, until the future is ready. Its event must have happened; `after` says so
/// in the report.
pub(super) fn finish(task: &mut Task<dyn Polled>, after: &str) -> Verdict {
    const POLLS: usize = 1_000;
    for _ in 0..POLLS {
        if until(PATIENCE, || task.is_woken().then_some(())).is_none() {
            return failed(format!("{after}, the future is pending and is not woken"));
        }
        if task.poll().is_ready() {
            return Ok(());
        }
    }
    failed(format!("{after}, the future was woken and polled {POLLS} times, and is still pending"))
}

/// Polls without waiting for wakes, until the future is ready. Its event must have happened;
/// `after` says so in the report.
pub(super) fn exhaust<F: Future + ?Sized>(task: &mut Task<F>, after: &str) -> Verdict {
    let ready = until(PATIENCE, || task.poll().is_ready().then_some(()));
    if ready.is_some() { Ok(()) } else { failed(format!("{after}, the future is still pending")) }
}
