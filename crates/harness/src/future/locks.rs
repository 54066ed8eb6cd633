//! A10 and A11: a waker is foreign code, which may call back into the future, and may panic.

use std::{task::Poll, thread};

use super::{
    Tested,
    drive::{Waiting, finish, fire, pending},
    held::Polled,
    tested::Kind,
};
use crate::{
    probe::{
        Gate, PATIENCE, Task, WakerProbe,
        meanwhile::{Meanwhile, Until},
    },
    run::{
        caught::{caught, ended},
        check::{Verdict, failed, holds},
    },
};

/// The check fires the event inside the first, second, third and fourth clone of one poll.
const CLONES: usize = 4;

pub(super) fn a10_no_lock_held(subject: &Tested) -> Verdict {
    subject.each_waiting(|make| {
        while_cloned(make)?;
        while_replaced(make())?;
        while_dropped(make())?;
        while_woken(make())
    })
}

fn while_cloned(make: &dyn Fn() -> Waiting) -> Verdict {
    for nth in 1..=CLONES {
        let waiting = make();
        let meanwhile = Meanwhile::new(waiting.event, nth, Until::Ended);
        let mut task = waiting.task.with(&WakerProbe::new().on_clone(meanwhile.hook()));
        let polled = task.poll();
        if !meanwhile.happened() {
            return pending(polled);
        }
        unlocked(&meanwhile, "cloned")?;
    }
    Ok(())
}

fn while_replaced(waiting: Waiting) -> Verdict {
    let meanwhile = Meanwhile::new(waiting.event, 1, Until::Ended);
    let replaced = WakerProbe::new().on_drop(meanwhile.hook());
    let waker = replaced.waker();
    let mut task = waiting.task;
    pending(task.poll_with(&waker))?;
    let _ = task.poll();
    unlocked(&meanwhile, "dropped because the next poll brought another one")
}

fn while_dropped(waiting: Waiting) -> Verdict {
    let meanwhile = Meanwhile::new(waiting.event, 1, Until::Ended);
    let mut task = waiting.task.with(&WakerProbe::new().on_drop(meanwhile.hook()));
    pending(task.poll())?;
    drop(task);
    unlocked(&meanwhile, "dropped with the future")
}

/// The event's thread stays inside the wake until this thread has polled the future.
fn while_woken(waiting: Waiting) -> Verdict {
    let (inside, polled, blocked) = (Gate::new(), Gate::new(), Gate::new());
    let probe = WakerProbe::new().on_wake({
        let (inside, polled, blocked) = (inside.clone(), polled.clone(), blocked.clone());
        let polling = thread::current().id();
        move || {
            if thread::current().id() == polling {
                return; // The future woke itself from inside a poll.
            }
            inside.open();
            if !polled.opens_within(PATIENCE) {
                blocked.open();
            }
        }
    });
    let mut task = waiting.task.with(&probe);
    pending(task.poll())?;
    let thread = thread::spawn(waiting.event);
    if inside.opens_within(PATIENCE) {
        let _ = task.poll();
    }
    polled.open();
    ended(thread, "the event")?;
    holds(!blocked.is_open(), || "while its waker was woken, a poll on another thread blocked: the future holds a lock")
}

fn unlocked(meanwhile: &Meanwhile, when: &str) -> Verdict {
    meanwhile.join()?;
    holds(!meanwhile.happened() || meanwhile.ended_inside(), || {
        format!("while its waker was {when}, its event blocked on another thread: the future holds a lock")
    })
}

/// The panic text of an `async fn` that is polled again after a panic. Nothing can resume such a
/// future, so A11 accepts it.
const OVER: &str = "`async fn` resumed after panicking";

pub(super) fn a11_clone_panics(subject: &Tested) -> Verdict {
    subject.each_waiting(|make| {
        for polled_before in [false, true] {
            let mut waiting = make();
            if polled_before {
                pending(waiting.task.poll())?;
            }
            let _ = poll_with_panic(&mut waiting.task);
            match caught(|| waiting.task.poll()) {
                Ok(poll) => pending(poll)?,
                Err(text) if text == OVER => {
                    drop(waiting.task);
                    after_panic(fire(waiting.event))?;
                    continue;
                }
                Err(text) => return failed(format!("the clone of a waker panicked, and so did the next poll: {text}")),
            }
            after_panic(fire(waiting.event))?;
            finish(&mut waiting.task, "after the clone of a waker panicked, then a poll, then its event")?;
        }
        Ok(())
    })?;
    let Kind::Permits(make) = &subject.kind else { return Ok(()) };
    let (first, second, release) = make();
    let (mut first, mut second) = (Task::from(first), Task::from(second));
    let _ = poll_with_panic(&mut first);
    drop(first);
    let polled = caught(|| second.poll());
    pending(polled.or_else(|text| {
        failed(format!("one waiter panicked in the clone of its waker, then the next too: {text}"))
    })?)?;
    after_panic(fire(release))?;
    finish(&mut second, "after one waiter panicked in the clone of its waker and a permit was released")
}

fn poll_with_panic(task: &mut Task<dyn Polled>) -> Result<Poll<()>, String> {
    let panicking = WakerProbe::new().on_clone(|| panic!("a waker that cannot be cloned"));
    let waker = panicking.waker();
    caught(|| task.poll_with(&waker))
}

fn after_panic(event: Verdict) -> Verdict {
    event.map_err(|stop| stop.after("the clone of a waker panicked, and "))
}
