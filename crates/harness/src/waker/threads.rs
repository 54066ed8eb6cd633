//! B5 and B9: wakes on other threads, and what a wake must not do inside the call.

use std::{
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    thread,
};

use crate::{
    probe::meanwhile::{Meanwhile, Until},
    run::{
        caught::ended,
        check::{Verdict, failed, holds, not_applicable},
    },
    subject::{
        guest::{Life, lock, waking},
        tested::{Kind, Tested},
        world::World,
    },
};

pub(super) fn b5_any_thread(subject: &Tested) -> Verdict {
    if subject.has_executor() {
        let world = subject.world()?;
        let (life, waker) = world.waiting()?;
        let wakes: [fn(Waker); 3] = [Waker::wake, |waker| waker.wake_by_ref(), |waker| waker.clone().wake()];
        for wake in wakes {
            let (before, clone) = (life.polls(), waker.clone());
            elsewhere(move || wake(clone))?;
            world.polled_after(&life, before, "its waker was woken on another thread")?;
        }
        world.ends(&life, waker)?;
        let orphan = thread::scope(|scope| {
            let made = scope.spawn(|| subject.world().and_then(|world| world.waiting().map(|(_, waker)| waker)));
            made.join().unwrap_or_else(|_| failed("the executor panicked on a thread that is not the main thread"))
        })?;
        use_it(orphan);
        return subject.run_model("B5");
    }
    // `woken` is not `Send`: it can be read only on the thread that made the waker. So for a waker
    // whose thread has ended, only a target can count the wakes.
    let alone = subject.alone()?;
    let before = (alone.woken)();
    let clone = alone.waker.clone();
    elsewhere(move || use_it(clone))?;
    let wakes = !matches!(subject.kind, Kind::Inert(_));
    holds(!wakes || (alone.woken)() > before, || "a wake on another thread had no effect")?;
    let orphan = thread::scope(|scope| {
        let made = scope.spawn(|| subject.alone().map(|alone| (alone.waker, alone.target)));
        made.join().unwrap_or_else(|_| failed("making it on another thread panicked"))
    })?;
    let before = orphan.1.as_ref().map(|target| target.woken());
    use_it(orphan.0);
    let after = orphan.1.as_ref().map(|target| target.woken());
    holds(before.is_none() || after > before, || "after the end of the thread that made it, its wakes have no effect")?;
    subject.run_model("B5")
}

/// Performs every operation on a waker.
fn use_it(waker: Waker) {
    waker.wake_by_ref();
    waker.clone().wake();
    drop(waker.clone());
    waker.wake();
}

fn elsewhere(wake: impl FnOnce() + Send + 'static) -> Verdict {
    ended(thread::spawn(wake), "a wake on another thread")
}

pub(super) fn b9_not_inline(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let (life, waker) = world.waiting()?;
    waking(|| waker.wake_by_ref());
    quiet(&life, "outside of any poll")?;
    let target = waker.clone();
    let other = world.spawn(move |cx, _| {
        waking(|| target.wake_by_ref());
        waking(|| cx.waker().wake_by_ref());
        Poll::Ready(())
    });
    world.drive(|| other.is_ready());
    quiet(&life, "inside the poll of another task")?;
    quiet(&other, "inside its own poll")?;
    no_lock_in_a_poll(&world)?;
    no_lock_in_a_drop(&world)?;
    if subject.is_mortal() { in_the_drop_of_the_executor(world, &life, waker) } else { Ok(()) }
}

/// The check fails if the task was polled or dropped inside a wake, on the thread that woke.
fn quiet(life: &Life, when: &str) -> Verdict {
    let done = life.inside_wake();
    holds(done.is_none(), || format!("a task was {} inside the call that woke it, {when}", done.unwrap_or_default()))
}

/// A wake on another thread must not block while this thread polls the task.
fn no_lock_in_a_poll(world: &World) -> Verdict {
    let outcome = Arc::new(Mutex::new(None));
    let note = Arc::clone(&outcome);
    let life = world.spawn(move |cx, _| {
        *lock(&note) = Some(wake_elsewhere(cx.waker().clone()));
        Poll::Ready(())
    });
    world.drive(|| life.is_ready());
    let meanwhile = lock(&outcome).take();
    went_on(meanwhile, "its poll")
}

/// A wake on another thread must not block while the task's future is dropped.
fn no_lock_in_a_drop(world: &World) -> Verdict {
    let (life, waker) = world.waiting()?;
    let outcome = wakes_when_dropped(&life, waker.clone());
    world.ends(&life, waker)?;
    world.drive(|| life.drops() > 0);
    let meanwhile = lock(&outcome).take();
    went_on(meanwhile, "the drop of its future")
}

/// Wakes on another thread, and waits until that wake has returned.
fn wake_elsewhere(waker: Waker) -> Meanwhile {
    let meanwhile = Meanwhile::new(Box::new(move || waking(|| waker.wake())), 1, Until::Ended);
    (meanwhile.hook())();
    meanwhile
}

fn went_on(meanwhile: Option<Meanwhile>, during: &str) -> Verdict {
    let Some(meanwhile) = meanwhile else {
        return not_applicable("a task is not polled, or not dropped at its end (C4, C6)");
    };
    meanwhile.join()?;
    holds(meanwhile.ended_inside(), || {
        format!("during {during}, a wake on another thread blocked: it takes a lock that is held at that time")
    })
}

/// Drops the executor with two tasks, each of which wakes the other in its own drop.
fn in_the_drop_of_the_executor(world: World, life: &Arc<Life>, waker: Waker) -> Verdict {
    let (other, others) = world.waiting()?;
    let (first, second) = (wakes_when_dropped(life, others), wakes_when_dropped(&other, waker));
    drop(world);
    quiet(life, "while the executor was dropped")?;
    quiet(&other, "while the executor was dropped")?;
    for outcome in [first, second] {
        let outcome = lock(&outcome).take();
        // `None` if the task was not dropped with the executor, because its wakers own it.
        outcome.map_or(Ok(()), |meanwhile| went_on(Some(meanwhile), "the drop of the executor"))?;
    }
    Ok(())
}

fn wakes_when_dropped(life: &Life, waker: Waker) -> Arc<Mutex<Option<Meanwhile>>> {
    let outcome = Arc::new(Mutex::new(None));
    let note = Arc::clone(&outcome);
    life.on_drop(move || {
        let elsewhere = wake_elsewhere(waker.clone());
        if elsewhere.ended_inside() {
            waking(|| waker.wake_by_ref());
        }
        *lock(&note) = Some(elsewhere);
    });
    outcome
}
