//! B1 and B2: every operation on a waker retains or releases the right number of references. The
//! count is tested after each operation, so an excess release is found while the memory still
//! exists.

use std::{mem, sync::Arc, task::Waker};

use crate::{
    probe::leak::no_leak,
    run::{
        caught::caught,
        check::{Stop, Verdict, failed, holds, not_applicable},
    },
    subject::{
        tested::{Count, Kind, Target, TargetRecord, Tested},
        world::World,
    },
};

/// Sequences of operations: `+` clones the first waker, `-` drops the first, `_` drops the last,
/// and `!` wakes the first by value. There are never more than two wakers at a time: with three,
/// two excess releases could free the memory before the count is tested.
const ORDERS: [&str; 6] = ["+--", "+!_", "+_!", "+-+!+--", "-", "!"];

pub(super) fn b1_retains_and_releases(subject: &Tested) -> Verdict {
    match &subject.kind {
        Kind::Counts(_) | Kind::Calls(_) => {
            let run = |order: &&str| subject.alone()?.run(order).map_err(|stop| stop.after(&in_words(order)));
            ORDERS.iter().try_for_each(run)?;
            subject.alone()?.wake_that_unwinds()
        }
        Kind::Inert(make) => no_leak("wakers", ORDERS.len(), || {
            ORDERS.iter().try_for_each(|order| {
                let mut wakers = vec![make()];
                order.chars().for_each(|step| apply(&mut wakers, step));
                Ok(())
            })
        }),
        Kind::Executor(_) | Kind::BlockOn(_) => {
            let world = subject.world()?;
            ORDERS.iter().try_for_each(|order| of_a_task(&world, order))?;
            no_leak("tasks", ORDERS.len(), || ORDERS.iter().try_for_each(|order| of_a_task(&world, order)))
        }
    }
}

/// A waker alone, with its counters.
pub(super) struct Alone {
    pub waker: Waker,
    pub woken: Count,
    counted: Counted,
    /// `Some` if the check can make a wake panic.
    pub target: Option<Arc<TargetRecord>>,
}

enum Counted {
    /// The number of references now, and the number while there was one waker.
    References(Count, usize),
    /// The record of the target, which the last waker must drop.
    Target(Arc<TargetRecord>),
    /// The waker counts nothing.
    Nothing,
}

impl Tested {
    /// A fresh waker of this subject.
    pub(super) fn alone(&self) -> Result<Alone, Stop> {
        match &self.kind {
            Kind::Counts(make) => {
                let (waker, woken, references) = make();
                let at_first = references();
                Ok(Alone { waker, woken, counted: Counted::References(references, at_first), target: None })
            }
            Kind::Calls(make) => {
                let (target, record) = Target::new();
                let (counted, woken) = (Counted::Target(record.clone()), record.clone());
                let woken: Count = Box::new(move || woken.woken());
                Ok(Alone { waker: make(target), woken, counted, target: Some(record) })
            }
            Kind::Inert(make) => {
                Ok(Alone { waker: make(), woken: Box::new(|| 0), counted: Counted::Nothing, target: None })
            }
            _ => not_applicable("it is an executor, not a waker alone"),
        }
    }
}

impl Alone {
    /// Performs the operations of `order`, and tests the count after each one.
    fn run(self, order: &str) -> Verdict {
        let Alone { waker, counted, .. } = self;
        let mut wakers = vec![waker];
        for step in order.chars() {
            apply(&mut wakers, step);
            if let Err(stop) = counted.holds(wakers.len()) {
                // The memory may be freed already, so no further operation is safe.
                mem::forget(wakers);
                return Err(stop);
            }
        }
        Ok(())
    }

    /// Wakes one of two wakers by value, and the wake panics: it must still release the waker.
    fn wake_that_unwinds(self) -> Verdict {
        let Alone { waker, counted, target: Some(target), .. } = self else { return Ok(()) };
        let woken = waker.clone();
        target.panic_at_the_next_wake();
        if caught(|| woken.wake()).is_ok() {
            mem::forget(waker);
            return failed("wake does not call its target");
        }
        let mut verdict = counted.holds(1);
        if verdict.is_ok() {
            drop(waker);
            verdict = counted.holds(0);
        } else {
            mem::forget(waker);
        }
        verdict.map_err(|stop| stop.after("after a wake by value that panicked: "))
    }
}

impl Counted {
    /// The check fails unless the counters agree with this number of wakers.
    fn holds(&self, wakers: usize) -> Verdict {
        match self {
            Counted::References(references, at_first) => {
                let (now, expected) = (references() + 1, at_first + wakers);
                holds(now == expected, || {
                    format!(
                        "{wakers} wakers are left, and the references are off by {}",
                        now.cast_signed() - expected.cast_signed()
                    )
                })
            }
            Counted::Target(record) => {
                let (drops, expected) = (record.seen.drops(), usize::from(wakers == 0));
                holds(drops == expected, || {
                    format!("{wakers} wakers are left, and their target was dropped {drops} times")
                })
            }
            Counted::Nothing => Ok(()),
        }
    }
}

fn apply(wakers: &mut Vec<Waker>, step: char) {
    match step {
        '+' => wakers.push(wakers[0].clone()),
        '-' => drop(wakers.remove(0)),
        '_' => drop(wakers.pop()),
        _ => wakers.remove(0).wake(),
    }
}

/// The operations in words, for the report.
fn in_words(order: &str) -> String {
    let steps = order.chars().map(|step| match step {
        '+' => "clone",
        '-' => "drop the first",
        '_' => "drop the last",
        _ => "wake the first",
    });
    format!("in this order, {}: ", steps.collect::<Vec<_>>().join(", "))
}

/// Performs the operations of `order` on the waker of a task: each wake must cause a poll.
fn of_a_task(world: &World, order: &str) -> Verdict {
    let (record, waker) = world.waiting()?;
    let to_the_end = waker.clone();
    let mut wakers = vec![waker];
    let verdict = order.chars().try_for_each(|step| {
        let before = record.polls();
        apply(&mut wakers, step);
        if step == '!' { world.polled_after(&record, before, "a waker was woken by value") } else { Ok(()) }
    });
    verdict.and_then(|()| world.ends(&record, to_the_end)).map_err(|stop| stop.after(&in_words(order)))
}

pub(super) fn b2_by_ref_keeps(subject: &Tested) -> Verdict {
    if subject.has_executor() {
        return by_ref_in_a_task(&subject.world()?);
    }
    let alone = subject.alone()?;
    let verdict = by_ref_alone(&alone);
    // The memory may be freed already, so the waker must not be dropped. B1 judges drops.
    mem::forget(alone);
    verdict
}

fn by_ref_alone(alone: &Alone) -> Verdict {
    for wakes in 1..=2 {
        alone.waker.wake_by_ref();
        kept(alone, &format!("after wake_by_ref number {wakes}"))?;
    }
    let Some(target) = &alone.target else { return Ok(()) };
    target.panic_at_the_next_wake();
    if caught(|| alone.waker.wake_by_ref()).is_ok() {
        return failed("wake_by_ref does not call its target");
    }
    kept(alone, "after a wake_by_ref that panicked")?;
    let before = (alone.woken)();
    alone.waker.wake_by_ref();
    holds((alone.woken)() > before, || "after a wake_by_ref that panicked, the next one wakes nothing")?;
    kept(alone, "after the wake_by_ref that followed one that panicked")
}

fn kept(alone: &Alone, when: &str) -> Verdict {
    alone.counted.holds(1).map_err(|stop| stop.after(&format!("{when}: ")))
}

fn by_ref_in_a_task(world: &World) -> Verdict {
    let (record, waker) = world.waiting()?;
    for _ in 0..3 {
        let before = record.polls();
        waker.wake_by_ref();
        world.polled_after(&record, before, "its waker was woken by reference")?;
    }
    world.ends(&record, waker)
}
