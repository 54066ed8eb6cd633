//! B3, B4 and B6: a waker wakes its own task, and has no effect after the end of that task.

use std::{
    mem::ManuallyDrop,
    sync::{Arc, OnceLock},
    task::{Poll, Waker},
    thread,
};

use super::counted::Alone;
use crate::{
    run::{
        caught::ended,
        check::{Stop, Verdict, failed, holds, not_applicable},
    },
    subject::{
        guest::Life,
        tested::{Kind, Tested},
        world::World,
    },
};

pub(super) fn b3_same_task(subject: &Tested) -> Verdict {
    match &subject.kind {
        Kind::Inert(_) => not_applicable("its wakes do nothing"),
        Kind::Counts(_) | Kind::Calls(_) => {
            // They are not dropped: if they do not count right, a drop may free memory twice. B1
            // judges that.
            let (a, b) = (ManuallyDrop::new(subject.alone()?), ManuallyDrop::new(subject.alone()?));
            alone_wakes(&a, &b)?;
            alone_wakes(&b, &a)?;
            if !a.waker.will_wake(&b.waker) {
                return Ok(());
            }
            woken_by(&a.waker, &b)?;
            woken_by(&b.waker, &a)
        }
        Kind::Executor(_) | Kind::BlockOn(_) => {
            let world = subject.world()?;
            let (a, b) = (world.waiting()?, world.waiting()?);
            task_is_woken(&world, &a.0, &a.1.clone().clone())?;
            task_is_woken(&world, &b.0, &b.1.clone().clone())?;
            if !a.1.will_wake(&b.1) {
                return Ok(());
            }
            let lie = |stop: Stop| stop.after("`will_wake` is true between the wakers of two tasks; ");
            task_is_woken(&world, &a.0, &b.1).map_err(lie)?;
            task_is_woken(&world, &b.0, &a.1).map_err(lie)
        }
    }
}

/// A wake through a clone of a clone, by reference and by value, must reach its own target and not
/// the other one.
fn alone_wakes(own: &Alone, other: &Alone) -> Verdict {
    let count = |of: &Alone| (of.woken)();
    let others = count(other);
    let by_ref = |waker: Waker| ManuallyDrop::new(waker).wake_by_ref();
    let wakes = [("wake_by_ref", by_ref as fn(Waker)), ("wake", Waker::wake)];
    for (name, wake) in wakes {
        let at_first = count(own);
        let clone = ManuallyDrop::new(own.waker.clone());
        wake(Waker::clone(&clone));
        holds(count(own) > at_first, || format!("{name} of a clone did not wake the target of its original"))?;
    }
    holds(count(other) == others, || "waking a clone woke the target of another waker")
}

fn woken_by(waker: &Waker, whose: &Alone) -> Verdict {
    let before = (whose.woken)();
    waker.wake_by_ref();
    holds((whose.woken)() > before, || "`will_wake` is true between two wakers, but they do not wake the same target")
}

fn task_is_woken(world: &World, life: &Arc<Life>, waker: &Waker) -> Verdict {
    let before = life.polls();
    waker.clone().wake();
    world.polled_after(life, before, "a clone of its waker was woken")
}

pub(super) fn b4_will_wake(subject: &Tested) -> Verdict {
    if !subject.has_executor() {
        return recognised(&ManuallyDrop::new(subject.alone()?.waker));
    }
    // The waker in the `Context` of a poll need not be a clone, so it is tested inside a poll.
    let world = subject.world()?;
    let found = Arc::new(OnceLock::new());
    let tell = Arc::clone(&found);
    world.spawn(move |cx, _| {
        tell.get_or_init(|| recognised(cx.waker()));
        Poll::Ready(())
    });
    world.drive(|| found.get().is_some());
    found.get().cloned().unwrap_or_else(|| not_applicable("a task that is spawned is not polled (C4)"))
}

fn recognised(waker: &Waker) -> Verdict {
    let clone = ManuallyDrop::new(waker.clone());
    if waker.data().is_null() {
        // Such as `Waker::noop()`: the compiler may place the vtable of that constant twice.
        return not_applicable("its waker has no data, so it stands for no task");
    }
    let grandchild = clone.clone();
    for (name, clone) in [("a clone", clone), ("a clone of a clone", grandchild)] {
        if !clone.will_wake(waker) || !waker.will_wake(&clone) {
            return failed(format!("`will_wake` is false between {name} and its original"));
        }
    }
    Ok(())
}

pub(super) fn b6_after_the_end(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let (life, waker) = world.waiting()?;
    let (late, later) = (waker.clone(), waker.clone());
    world.ends(&life, waker)?;
    late.wake_by_ref();
    late.wake();
    ended(thread::spawn(move || later.wake()), "a wake of a task that has ended, from another thread,")?;
    world.let_others_run()?;
    let polls = life.polls_after_ready();
    holds(polls == 0, || format!("a task was woken after its end, and was then polled {polls} times"))
}
