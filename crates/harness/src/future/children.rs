//! A12, A13, A15 and A16: what a combinator owes its children.

use std::{sync::Arc, thread};

use super::{
    Child, Tested,
    child::{Does, Life},
    drive::{exhaust, fire, pending},
    tested::{Combine, Kind, Of},
};
use crate::{
    probe::Task,
    run::{
        caught::caught,
        check::{Verdict, failed, holds, not_applicable},
    },
};

fn combinator(subject: &Tested) -> Option<(Of, &Combine)> {
    match &subject.kind {
        Kind::Combines(of, combine) => Some((*of, combine)),
        _ => None,
    }
}

const NO_COMBINATOR: &str = "it has no children";

pub(super) fn a12_panics(subject: &Tested) -> Verdict {
    let Some((of, combine)) = combinator(subject) else { return not_applicable(NO_COMBINATOR) };
    type Make = fn() -> (Child, Arc<Life>);
    // A panic in a drop may well cost the drop of others: the compiler itself leaks what a function
    // returns when the drop of one of its variables panics. A second drop is never in order.
    let panics: [(&str, usize, Make); 3] = [
        ("panics when polled", 1, || Child::new(Does::PanicsInPoll)),
        ("is pending and panics when dropped", 0, || Child::panicking_in_drop(Does::Waits)),
        ("is ready and panics when dropped", 0, || Child::panicking_in_drop(Does::Ready)),
    ];
    for (what, least, make) in panics {
        for at in 0..of.count() {
            let made = (0..of.count()).map(|place| if place == at { make() } else { Child::new(Does::Waits) });
            let (children, lives): (Vec<_>, Vec<_>) = made.unzip();
            let mut task = Task::from(combine(children));
            // Whatever these do: it is about what becomes of the children.
            let _ = caught(|| task.poll());
            let _ = caught(|| task.poll());
            let _ = caught(|| drop(task));
            let wrong = lives.iter().position(|life| !(least..=1).contains(&life.drops()));
            if let Some(place) = wrong {
                let drops = lives[place].drops();
                return failed(format!("child {} {what}, and child {} was dropped {drops} times", at + 1, place + 1));
            }
        }
    }
    Ok(())
}

pub(super) fn a13_not_moved(subject: &Tested) -> Verdict {
    let Some((of, combine)) = combinator(subject) else { return not_applicable(NO_COMBINATOR) };
    for to_the_end in [true, false] {
        let (children, lives): (Vec<_>, Vec<_>) = of.children(Does::Waits).map(Child::new).unzip();
        let mut task = Task::from(combine(children));
        pending(task.poll())?;
        pending(task.poll())?;
        if to_the_end {
            lives.iter().try_for_each(|life| fire(life.event()))?;
            exhaust(&mut task, "the events of all children having happened")?;
        }
        drop(task);
        for (place, life) in lives.iter().enumerate() {
            let (moves, child) = (life.moves(), place + 1);
            holds(moves == 0, || {
                format!("child {child} was polled or dropped {moves} times elsewhere than where its first poll was")
            })?;
        }
    }
    Ok(())
}

pub(super) fn a15_no_starvation(subject: &Tested) -> Verdict {
    const POLLS: usize = 100;
    let Some((of, combine)) = combinator(subject).filter(|(of, _)| *of != Of::One) else {
        return not_applicable("it does not have two children");
    };
    for busy_at in 0..of.count() {
        let does = |place| if place == busy_at { Does::Busy } else { Does::Waits };
        let (children, lives): (Vec<_>, Vec<_>) = (0..of.count()).map(|place| Child::new(does(place))).unzip();
        let (busy, other) = (&lives[busy_at], &lives[1 - busy_at]);
        let mut task = Task::from(combine(children));
        fire(other.event())?;
        let mut done = false;
        let polls = (1..=POLLS).find(|_| {
            done = done || task.poll().is_ready();
            done || other.is_ready()
        });
        holds(polls.is_some() && busy.polls() < Life::TOO_OFTEN, || {
            let (busy, other) = (busy.polls(), other.polls());
            format!(
                "the child that always wakes itself was polled {busy} times, the other, whose event had happened, {other} times"
            )
        })?;
    }
    Ok(())
}

pub(super) fn a16_depth(subject: &Tested) -> Verdict {
    const STACK: usize = 2 << 20;
    let Some((of, combine)) = combinator(subject) else { return not_applicable(NO_COMBINATOR) };
    let Some(depth) = subject.depth else { return not_applicable("it does not state how deep it may be nested") };
    // The children beside the nested one: those of a join are ready, those of a select never.
    let beside = if of == Of::Both { Does::Ready } else { Does::Nothing };
    let nested = |innermost: Child| {
        (0..depth).fold(innermost, |inner, _| {
            let mut children = vec![inner];
            children.extend((1..of.count()).map(|_| Child::new(beside).0));
            Child::nesting(combine(children))
        })
    };
    let dive = || {
        let (innermost, life) = Child::new(Does::Waits);
        let mut task = Task::new(nested(innermost));
        holds(task.poll().is_pending(), || "nested, it was ready before its innermost child")?;
        fire(life.event())?;
        exhaust(&mut task, "nested, its innermost child being ready")?;
        // A drop descends as deep as a poll.
        drop(nested(Child::new(Does::Waits).0));
        Ok(())
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("nested".into()).stack_size(STACK).spawn_scoped(scope, dive)?;
        thread.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    })
}
