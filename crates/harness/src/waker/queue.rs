//! B10 to B13: no wake is lost, whenever it comes, and many wakes make only one entry in the run
//! queue.

use std::{
    sync::{Arc, Mutex},
    task::Poll,
    thread,
};

use crate::{
    probe::{
        Gate, PATIENCE,
        meanwhile::{Event, Meanwhile, Until},
    },
    run::{
        caught::ended,
        check::{Stop, Verdict, holds, not_applicable},
    },
    subject::{guest::lock, tested::Tested, world::World},
};

pub(super) fn b10_wake_inside_poll(subject: &Tested) -> Verdict {
    const WAKES: usize = 10;
    let world = subject.world()?;
    let life = world.spawn(|cx, life| {
        let waker = cx.waker();
        match life.polls() {
            WAKES => return Poll::Ready(()),
            even if even % 2 == 0 => waker.wake_by_ref(),
            _ => waker.clone().wake(),
        }
        Poll::Pending
    });
    let ended = world.drive(|| life.polls() > WAKES);
    holds(ended, || format!("a task that wakes itself in every poll was polled only {} times", life.polls()))?;

    // Another thread wakes the task during a poll. If that wake blocks, it ends right after the
    // poll.
    let life = world.spawn(|cx, life| {
        if life.polls() > 0 {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let wake = Meanwhile::new(Box::new(move || waker.wake()), 1, Until::EndedOrBlocked);
        (wake.hook())();
        Poll::Pending
    });
    let ended = world.drive(|| life.polls() > 1);
    holds(ended, || "a task was woken by another thread in the middle of its poll, and was not polled again")
}

pub(super) fn b11_one_entry(subject: &Tested) -> Verdict {
    const WAKES: usize = 1_000;
    let world = subject.world()?;
    let (life, waker) = world.waiting()?;
    let Some(empty) = world.executor().queue_len() else {
        return not_applicable("it does not report the length of its run queue");
    };
    for _ in 0..WAKES {
        waker.wake_by_ref();
        waker.clone().wake();
    }
    let more = world.executor().queue_len().unwrap_or_default().saturating_sub(empty);
    holds(more <= 1, || format!("{} wakes made {more} entries in the queue", 2 * WAKES))?;
    world.ends(&life, waker)?;

    // Each entry causes one poll, so the polls count the entries that were made during a poll.
    let life = world.spawn(|cx, life| {
        if life.polls() == 0 {
            (0..WAKES).for_each(|_| cx.waker().wake_by_ref());
        }
        Poll::Pending
    });
    world.drive(|| life.polls() > 0 && world.executor().queue_len() == Some(empty));
    world.let_others_run()?;
    let more = life.polls().saturating_sub(1);
    holds(more <= 1, || format!("{WAKES} wakes inside one poll made {more} entries in the queue"))
}

pub(super) fn b12_visible(subject: &Tested) -> Verdict {
    if !subject.has_model("B12") {
        return not_applicable("only a model of its own atomics can judge this, and the subject has no model");
    }
    subject.run_model("B12")
}

pub(super) fn b13_overlapping_wakes(subject: &Tested) -> Verdict {
    match forced_to_overlap(subject) {
        Err(Stop::NotApplicable(_)) if subject.has_model("B13") => subject.run_model("B13"),
        verdict => verdict.and_then(|()| subject.run_model("B13")),
    }
}

fn forced_to_overlap(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let inside = InsideWake::default();
    if !world.executor().inside_wake(inside.hook()) {
        return not_applicable("the check cannot run code inside its wakes, and the subject has no model");
    }
    overlap(&world, &inside, false)?;
    overlap(&world, &inside, true)
}

/// Two overlapping wakes from outside: the second comes while the first has not returned. With
/// `polled_between` the task is polled after the first wake has queued it and before the second.
fn overlap(world: &World, inside: &InsideWake, polled_between: bool) -> Verdict {
    let (life, waker) = world.waiting()?;
    let mut before = life.polls();
    let (entered, leave) = (Gate::new(), Gate::new());
    let (enter, left) = (entered.clone(), leave.clone());
    inside.at_the_next(move || {
        enter.open();
        left.wait();
    });
    let first = waker.clone();
    let first = thread::spawn(move || first.wake());
    if !entered.opens_within(PATIENCE) {
        return not_applicable("its wakes do not call the hook");
    }
    if polled_between && !world.drive(|| life.polls() > before) {
        leave.open();
        ended(first, "a wake")?;
        return not_applicable("it polls no task during a wake");
    }
    before = life.polls();
    let second = waker.clone();
    let second = Meanwhile::new(Box::new(move || second.wake()), 1, Until::EndedOrBlocked);
    (second.hook())();
    leave.open();
    ended(first, "a wake")?;
    second.join()?;
    let between = if polled_between { ", and the task was polled in between" } else { "" };
    let what = format!("a second wake came during another one{between}");
    world.polled_after(&life, before, &what)?;
    let before = life.polls();
    waker.wake_by_ref();
    world.polled_after(&life, before, &format!("{what}, then a third"))?;
    world.ends(&life, waker)
}

/// An event to run inside the next wake, through [`Executor::inside_wake`]. Clones share one event.
///
/// [`Executor::inside_wake`]: crate::Executor::inside_wake
#[derive(Clone, Default)]
pub(super) struct InsideWake(Arc<Mutex<Option<Event>>>);

impl InsideWake {
    pub(super) fn hook(&self) -> Box<dyn Fn() + Send + Sync> {
        let armed = Arc::clone(&self.0);
        Box::new(move || {
            let event = lock(&armed).take();
            if let Some(event) = event {
                event();
            }
        })
    }

    pub(super) fn at_the_next(&self, event: impl FnOnce() + Send + 'static) {
        *lock(&self.0) = Some(Box::new(event));
    }
}
