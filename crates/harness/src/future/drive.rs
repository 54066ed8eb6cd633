//! How the checks drive a subject: a future with its event, and what may happen on another thread.

use std::thread;

use super::{
    Child, Tested,
    child::Does,
    tested::{Held, Kind, Of, Polled},
};
use crate::{
    probe::{PATIENCE, Task, meanwhile::Event},
    run::{
        caught::ended,
        check::{Stop, Verdict, failed, not_applicable},
        wait::until,
    },
};

/// A fresh future that is pending until its event.
pub(super) struct Waiting {
    pub task: Task<dyn Polled>,
    pub event: Event,
}

type Make<'a> = Box<dyn Fn() -> (Held, Event) + 'a>;

impl Tested {
    /// Runs a check on each way in which this subject waits for an event: a join waits for either
    /// child.
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
            Kind::Combines(of, combine) => {
                let others = match of {
                    Of::One => vec![("", vec![Does::Waits])],
                    Of::Both => vec![
                        ("the first child waits: ", vec![Does::Waits, Does::Ready]),
                        ("the second child waits: ", vec![Does::Ready, Does::Waits]),
                    ],
                    Of::Either => vec![
                        ("the first child waits: ", vec![Does::Waits, Does::Nothing]),
                        ("the second child waits: ", vec![Does::Nothing, Does::Waits]),
                    ],
                };
                others.into_iter().map(|(way, children)| (way, waiting_children(combine, children))).collect()
            }
            Kind::Completes(_) => return not_applicable("it waits for no event of ours"),
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
            made.iter().zip(&children).find(|(_, does)| **does == Does::Waits).map(|((_, life), _)| life.event());
        let future = combine(made.into_iter().map(|(child, _)| child).collect());
        (future, event.expect("one of them waits"))
    })
}

/// The worst of several verdicts: not applicable only if none was applicable.
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

/// A first poll, or another one before the event. A future that is ready without its event is A4's
/// business.
pub(super) fn pending(poll: std::task::Poll<()>) -> Verdict {
    if poll.is_ready() { not_applicable("it was ready before its event (A4)") } else { Ok(()) }
}

/// Lets the event happen on another thread, and waits until it has.
pub(super) fn fire(event: Event) -> Verdict {
    ended(thread::spawn(event), "the event")
}

/// Polls after each wake until it is ready, its event having happened.
pub(super) fn finish(task: &mut Task<dyn Polled>, after: &str) -> Verdict {
    const POLLS: usize = 1_000;
    for _ in 0..POLLS {
        if until(PATIENCE, || task.is_woken().then_some(())).is_none() {
            return failed(format!("{after}, it is pending and nobody wakes it"));
        }
        if task.poll().is_ready() {
            return Ok(());
        }
    }
    failed(format!("{after}, it was woken and polled {POLLS} times, and is still pending"))
}

/// Polls, woken or not, until it is ready, its event having happened.
pub(super) fn exhaust<F: Future + ?Sized>(task: &mut Task<F>, after: &str) -> Verdict {
    let ready = until(PATIENCE, || task.poll().is_ready().then_some(()));
    if ready.is_some() { Ok(()) } else { failed(format!("{after}, it is still pending")) }
}
