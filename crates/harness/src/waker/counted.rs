//! B1 and B2: who owns a waker, and how often. Each step is judged before the next one touches
//! anything, so that a waker that is released too often is found while what it points to is still
//! there.

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

/// What is done with wakers, of which there are never more than two: of three, the loss of two
/// would go unnoticed until the memory behind them is gone. `+` clones the first, `-` drops the
/// first and `_` the last, `!` wakes the first.
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

/// A waker alone, with what it tells of itself.
pub(super) struct Alone {
    pub waker: Waker,
    pub woken: Count,
    counted: Counted,
    /// If the check can make a wake panic.
    pub target: Option<Arc<TargetRecord>>,
}

enum Counted {
    /// The references there are, and how many there were with one waker.
    References(Count, usize),
    /// Whether the target was dropped.
    Target(Arc<TargetRecord>),
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
                let (target, life) = Target::new();
                let (counted, woken) = (Counted::Target(life.clone()), life.clone());
                let woken: Count = Box::new(move || woken.woken());
                Ok(Alone { waker: make(target), woken, counted, target: Some(life) })
            }
            Kind::Inert(make) => {
                Ok(Alone { waker: make(), woken: Box::new(|| 0), counted: Counted::Nothing, target: None })
            }
            _ => not_applicable("it is an executor, and no waker alone"),
        }
    }
}

impl Alone {
    /// Does what `order` says, with a look at the count after each step.
    fn run(self, order: &str) -> Verdict {
        let Alone { waker, counted, .. } = self;
        let mut wakers = vec![waker];
        for step in order.chars() {
            apply(&mut wakers, step);
            if let Err(stop) = counted.holds(wakers.len()) {
                // Whatever is done with them now could touch what is freed.
                mem::forget(wakers);
                return Err(stop);
            }
        }
        Ok(())
    }

    /// One of two is woken by value, and the wake panics: the waker is gone all the same.
    fn wake_that_unwinds(self) -> Verdict {
        let Alone { waker, counted, target: Some(target), .. } = self else { return Ok(()) };
        let woken = waker.clone();
        target.panic_at_the_next_wake();
        if caught(|| woken.wake()).is_ok() {
            mem::forget(waker);
            return failed("wake does not call what it is to wake");
        }
        let mut verdict = counted.holds(1);
        if verdict.is_ok() {
            drop(waker);
            verdict = counted.holds(0);
        } else {
            mem::forget(waker);
        }
        verdict.map_err(|stop| stop.after("after a wake by value that unwound: "))
    }
}

impl Counted {
    /// That there are so many wakers.
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
            Counted::Target(life) => {
                let (drops, expected) = (life.seen.drops(), usize::from(wakers == 0));
                holds(drops == expected, || {
                    format!("{wakers} wakers are left, and what they wake was dropped {drops} times")
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

/// What was done, in words.
fn in_words(order: &str) -> String {
    let steps = order.chars().map(|step| match step {
        '+' => "clone",
        '-' => "drop the first",
        '_' => "drop the last",
        _ => "wake the first",
    });
    format!("in this order, {}: ", steps.collect::<Vec<_>>().join(", "))
}

/// The same with the waker of a task: each wake must reach it.
fn of_a_task(world: &World, order: &str) -> Verdict {
    let (life, waker) = world.waiting()?;
    let to_the_end = waker.clone();
    let mut wakers = vec![waker];
    let verdict = order.chars().try_for_each(|step| {
        let before = life.polls();
        apply(&mut wakers, step);
        if step == '!' { world.polled_after(&life, before, "a waker was woken by value") } else { Ok(()) }
    });
    verdict.and_then(|()| world.ends(&life, to_the_end)).map_err(|stop| stop.after(&in_words(order)))
}

pub(super) fn b2_by_ref_keeps(subject: &Tested) -> Verdict {
    if subject.has_executor() {
        return by_ref_in_a_task(&subject.world()?);
    }
    let alone = subject.alone()?;
    let verdict = by_ref_alone(&alone);
    // Dropping it could touch what is freed, and is B1's matter.
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
        return failed("wake_by_ref does not call what it is to wake");
    }
    kept(alone, "after a wake_by_ref that unwound")?;
    let before = (alone.woken)();
    alone.waker.wake_by_ref();
    holds((alone.woken)() > before, || "after a wake_by_ref that unwound, the next one wakes nobody")?;
    kept(alone, "after the wake_by_ref that followed one that unwound")
}

fn kept(alone: &Alone, when: &str) -> Verdict {
    alone.counted.holds(1).map_err(|stop| stop.after(&format!("{when}: ")))
}

fn by_ref_in_a_task(world: &World) -> Verdict {
    let (life, waker) = world.waiting()?;
    for _ in 0..3 {
        let before = life.polls();
        waker.wake_by_ref();
        world.polled_after(&life, before, "its waker was woken by reference")?;
    }
    world.ends(&life, waker)
}
