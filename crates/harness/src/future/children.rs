//! A12, A13, A15 and A16: how a combinator must treat its children.

use std::{sync::Arc, thread};

use super::{
    Child, Tested,
    child::{ChildRecord, Does},
    drive::{exhaust, fire, pending},
    tested::{Combine, Kind, WaitsFor},
};
use crate::{
    probe::Task,
    run::{
        caught::caught,
        check::{Verdict, failed, holds, not_applicable},
    },
};

fn combinator(subject: &Tested) -> Option<(WaitsFor, &Combine)> {
    match &subject.kind {
        Kind::Combines(waits_for, combine) => Some((*waits_for, combine)),
        _ => None,
    }
}

const NO_COMBINATOR: &str = "it has no children";

pub(super) fn a12_panics(subject: &Tested) -> Verdict {
    let Some((waits_for, combine)) = combinator(subject) else { return not_applicable(NO_COMBINATOR) };
    type Make = fn() -> (Child, Arc<ChildRecord>);
    // The number is the fewest drops that are allowed. It is 0 for a panic in a drop, because even
    // the compiler leaks the return value of a function when the drop of a local variable panics.
    // Two drops are never allowed.
    let panics: [(&str, usize, Make); 3] = [
        ("panics when polled", 1, || Child::new(Does::PanicsInPoll)),
        ("is pending and panics when dropped", 0, || Child::panicking_in_drop(Does::Waits)),
        ("is ready and panics when dropped", 0, || Child::panicking_in_drop(Does::Ready)),
    ];
    for (what, least, make) in panics {
        for at in 0..waits_for.count() {
            let made = (0..waits_for.count()).map(|place| if place == at { make() } else { Child::new(Does::Waits) });
            let (children, records): (Vec<_>, Vec<_>) = made.unzip();
            let mut task = Task::from(combine(children));
            // The results of these calls do not matter: the check counts the drops of the children.
            let _ = caught(|| task.poll());
            let _ = caught(|| task.poll());
            let _ = caught(|| drop(task));
            let wrong = records.iter().position(|record| !(least..=1).contains(&record.drops()));
            if let Some(place) = wrong {
                let drops = records[place].drops();
                return failed(format!("child {} {what}, and child {} was dropped {drops} times", at + 1, place + 1));
            }
        }
    }
    Ok(())
}

pub(super) fn a13_not_moved(subject: &Tested) -> Verdict {
    let Some((waits_for, combine)) = combinator(subject) else { return not_applicable(NO_COMBINATOR) };
    for to_the_end in [true, false] {
        let (children, records): (Vec<_>, Vec<_>) = waits_for.children(Does::Waits).map(Child::new).unzip();
        let mut task = Task::from(combine(children));
        pending(task.poll())?;
        pending(task.poll())?;
        if to_the_end {
            records.iter().try_for_each(|record| fire(record.event()))?;
            exhaust(&mut task, "after the events of all children")?;
        }
        drop(task);
        for (place, record) in records.iter().enumerate() {
            let (moves, child) = (record.moves(), place + 1);
            holds(moves == 0, || {
                format!(
                    "child {child} was polled or dropped {moves} times at another address than that of its first poll"
                )
            })?;
        }
    }
    Ok(())
}

pub(super) fn a15_no_starvation(subject: &Tested) -> Verdict {
    const POLLS: usize = 100;
    let Some((waits_for, combine)) = combinator(subject).filter(|(waits_for, _)| *waits_for != WaitsFor::One) else {
        return not_applicable("it does not have two children");
    };
    for busy_at in 0..waits_for.count() {
        let does = |place| if place == busy_at { Does::Busy } else { Does::Waits };
        let (children, records): (Vec<_>, Vec<_>) = (0..waits_for.count()).map(|place| Child::new(does(place))).unzip();
        let (busy, other) = (&records[busy_at], &records[1 - busy_at]);
        let mut task = Task::from(combine(children));
        fire(other.event())?;
        let mut done = false;
        let polls = (1..=POLLS).find(|_| {
            done = done || task.poll().is_ready();
            done || other.is_ready()
        });
        holds(polls.is_some() && busy.polls() < ChildRecord::TOO_OFTEN, || {
            let (busy, other) = (busy.polls(), other.polls());
            format!(
                "the child that always wakes itself was polled {busy} times, and the other one, after its event, {other} times"
            )
        })?;
    }
    Ok(())
}

pub(super) fn a16_depth(subject: &Tested) -> Verdict {
    const STACK: usize = 2 << 20;
    let Some((waits_for, combine)) = combinator(subject) else { return not_applicable(NO_COMBINATOR) };
    let Some(depth) = subject.depth else { return not_applicable("it does not declare how deep it may be nested") };
    // The second child of each level: it must not delay a join, and must not end a select.
    let beside = if waits_for == WaitsFor::Both { Does::Ready } else { Does::Nothing };
    let nested = |innermost: Child| {
        (0..depth).fold(innermost, |inner, _| {
            let mut children = vec![inner];
            children.extend((1..waits_for.count()).map(|_| Child::new(beside).0));
            Child::nesting(combine(children))
        })
    };
    let dive = || {
        let (innermost, record) = Child::new(Does::Waits);
        let mut task = Task::new(nested(innermost));
        holds(task.poll().is_pending(), || "the nested future was ready before its innermost child")?;
        fire(record.event())?;
        exhaust(&mut task, "nested, after the event of its innermost child")?;
        // A drop recurses as deep as a poll.
        drop(nested(Child::new(Does::Waits).0));
        Ok(())
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("nested".into()).stack_size(STACK).spawn_scoped(scope, dive)?;
        thread.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    })
}
