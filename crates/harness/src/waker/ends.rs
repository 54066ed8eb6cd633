//! B7, B8, B14 and B15: wakers that outlive their executor, tasks that keep each other alive, and
//! long chains of tasks.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use super::queue::InsideWake;
use crate::{
    probe::{
        Gate, PATIENCE,
        leak::no_leak,
        meanwhile::{Meanwhile, Sleeper, Until},
    },
    run::{
        caught::ended,
        check::{Stop, Verdict, failed, holds, not_applicable},
        wait::until,
    },
    subject::{
        guest::{Life, lock, waits},
        handle::Handle,
        tested::{Kind, Tested},
        world::World,
    },
};

pub(super) fn b7_executor_dropped(subject: &Tested) -> Verdict {
    if subject.is_mortal() || !subject.has_model("B7") {
        after_the_drop(subject.mortal_world()?)?;
        during_the_drop(subject.mortal_world()?)?;
        in_the_gap(subject.mortal_world()?)?;
    }
    subject.run_model("B7")
}

/// Drops an executor with three tasks: one waits, one is woken, and one was never polled.
/// Afterwards wakes their wakers.
fn after_the_drop(world: World) -> Verdict {
    let (waiting, waker) = world.waiting()?;
    let (woken, woken_by) = world.waiting()?;
    let unpolled = world.spawn_waiting();
    woken_by.wake_by_ref();
    drop(world);
    waker.wake_by_ref();
    woken_by.wake_by_ref();
    let (clone, other) = (waker.clone(), woken_by.clone());
    ended(thread::spawn(move || [clone, other].into_iter().for_each(Waker::wake)), "a wake after the drop")?;
    drop((waker, woken_by));
    let what = "the executor was dropped, its wakers were woken, and then dropped";
    for (task, life) in [("waited", waiting), ("was woken before that", woken), ("was never polled", unpolled)] {
        released(&life, &format!("{what}; a task that {task}"))?;
    }
    Ok(())
}

/// The drop of the executor drops a task's future, and that drop wakes its own task and another
/// one. It wakes them on another thread first, and then on this one.
fn during_the_drop(world: World) -> Verdict {
    let (one, of_one) = world.waiting()?;
    let (two, of_two) = world.waiting()?;
    let wakers = [of_one, of_two];
    let elsewhere = wakers.clone();
    let wakes = Meanwhile::new(Box::new(move || elsewhere.into_iter().for_each(Waker::wake)), 1, Until::Ended);
    let during = wakes.clone();
    one.on_drop(move || {
        (during.hook())();
        // If the wake blocked there, it would block here too.
        if during.ended_inside() {
            wakers.into_iter().for_each(Waker::wake);
        }
    });
    drop(world);
    holds(
        !wakes.happened() || wakes.ended_inside(),
        || "while the executor was dropped, a wake on another thread blocked: it waits for that drop",
    )?;
    // If wakers own the task, the wakers inside this hook keep it alive.
    drop(one.take_on_drop());
    wakes.join()?;
    drop(wakes);
    released(&one, "during the drop of the executor a task woke others in its own drop; this task")?;
    released(&two, "during the drop of the executor a task was woken; this task")
}

/// Drops the executor while another thread is inside a wake.
fn in_the_gap(world: World) -> Verdict {
    let inside = InsideWake::default();
    if !world.executor().inside_wake(inside.hook()) {
        return Ok(());
    }
    let (life, waker) = world.waiting()?;
    let (entered, dropped) = (Gate::new(), Gate::new());
    let (enter, was_dropped) = (entered.clone(), dropped.clone());
    let dropping = Sleeper::this_thread();
    inside.at_the_next(move || {
        enter.open();
        // If the drop waits for this wake, this wake must not wait for the drop.
        Sleeper::ends_or_sleeps(dropping.as_ref(), || was_dropped.is_open());
    });
    let wake = thread::spawn(move || waker.wake());
    entered.opens_within(PATIENCE);
    drop(world);
    dropped.open();
    ended(wake, "a wake during which the executor was dropped")?;
    released(&life, "the executor was dropped during a wake; a task that waited")
}

/// A task that nothing can wake any more must have been dropped exactly once.
fn released(life: &Life, which: &str) -> Verdict {
    until(PATIENCE, || {
        // A poll in the meantime may have stored a waker in the record, and that waker would keep
        // the task alive.
        drop(life.take_waker());
        (life.drops() > 0).then_some(())
    });
    holds(life.drops() == 1, || format!("{which} was dropped {} times", life.drops()))
}

pub(super) fn b8_last_waker(subject: &Tested) -> Verdict {
    let world = subject.mortal_world()?;
    let (life, waker) = world.waiting()?;
    drop(world);
    waker.wake();
    released(&life, "the executor was dropped, and its last waker woken; a task that waited")?;

    // This future holds all other wakers of its task, so they are dropped with it.
    let world = subject.mortal_world()?;
    let mut own = Vec::new();
    let life = world.spawn(move |cx, life| {
        if life.polls() == 0 {
            life.keep(cx.waker().clone());
            own.extend([cx.waker().clone(), cx.waker().clone()]);
        }
        Poll::Pending
    });
    let waker = world.first_waker(&life)?;
    drop(world);
    waker.wake();
    // If wakers own the task, it now owns itself and is never dropped. That is allowed.
    holds(life.drops() <= 1, || format!("a task that holds its own wakers was dropped {} times", life.drops()))
}

pub(super) fn b14_no_ring(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    if !world.joins() {
        return not_applicable("its tasks have no join handles");
    }
    no_leak("tasks that waited for themselves and ended", 1, || ring(&world, 1, true))?;
    no_leak("tasks that waited for each other and ended", 2, || ring(&world, 2, true))?;
    if !owns_its_tasks(subject)? {
        return Ok(());
    }
    no_leak("tasks that waited for each other when their executor was dropped", 2, || ring(&subject.world()?, 2, false))
}

/// Whether dropping the executor drops a task whose waker still exists.
fn owns_its_tasks(subject: &Tested) -> Result<bool, Stop> {
    if !subject.is_mortal() {
        return Ok(false);
    }
    let world = subject.world()?;
    let (life, _waker) = world.waiting()?;
    drop(world);
    Ok(life.drops() > 0)
}

/// Starts `tasks` tasks in a ring: each one waits for the join handle of the next. If `told`, they
/// are told to end. Otherwise they wait until their executor is dropped.
fn ring(world: &World, tasks: usize, told: bool) -> Verdict {
    let (mut handles, mut members) = (Vec::new(), Vec::new());
    for _ in 0..tasks {
        let next: Arc<Mutex<Option<Handle>>> = Arc::default();
        let (given, mut joins) = (Arc::clone(&next), None::<Handle>);
        let (handle, life) = world.spawn_joined(move |cx, life| {
            joins = lock(&given).take().or(joins.take());
            if joins.as_mut().is_some_and(|handle| Pin::new(handle).poll(cx).is_ready()) {
                joins = None;
            }
            waits(cx, life)
        })?;
        let waker = world.first_waker(&life)?;
        handles.push(handle);
        members.push((life, waker, next));
    }
    for (index, handle) in handles.into_iter().enumerate() {
        let (life, waker, next) = &members[(index + 1) % tasks];
        *lock(next) = Some(handle);
        let before = life.polls();
        waker.wake_by_ref();
        world.polled_after(life, before, "the task received a join handle to wait for, and was woken")?;
    }
    if told {
        members.into_iter().try_for_each(|(life, waker, _)| world.ends(&life, waker))?;
    }
    Ok(())
}

/// The number of tasks in a chain.
const LONG: usize = 100_000;
/// The stack of the thread that runs the executor, in bytes. It is small enough to overflow if each
/// task of the chain takes a stack frame.
const SMALL: usize = 256 << 10;

pub(super) fn b15_long_chain(subject: &Tested) -> Verdict {
    subject.world()?;
    if matches!(subject.kind, Kind::BlockOn(_)) {
        return not_applicable("it runs one future only");
    }
    on_a_small_stack(|| wakes_the_next(subject))?;
    on_a_small_stack(|| drops_the_next(subject, false))?;
    if subject.is_mortal() { on_a_small_stack(|| drops_the_next(subject, true)) } else { Ok(()) }
}

fn on_a_small_stack(run: impl FnOnce() -> Verdict + Send) -> Verdict {
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(SMALL).spawn_scoped(scope, run)?;
        small.join().unwrap_or_else(|_| failed("it panicked on a thread with a small stack"))
    })
}

/// A chain of wakes: each task, when it is woken, wakes the next one and ends.
fn wakes_the_next(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let next: Arc<Vec<Mutex<Option<Waker>>>> = Arc::new((0..=LONG).map(|_| Mutex::default()).collect());
    let lives: Vec<_> = (0..LONG)
        .map(|index| {
            let next = Arc::clone(&next);
            world.spawn(move |cx, life| {
                if life.polls() == 0 {
                    *lock(&next[index]) = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                let waker = lock(&next[index + 1]).take();
                waker.into_iter().for_each(Waker::wake);
                Poll::Ready(())
            })
        })
        .collect();
    if !all(&world, &lives, |life| life.polls() > 0) {
        return not_applicable("not all of 100,000 tasks that are spawned are polled");
    }
    let first = lock(&next[0]).take();
    first.into_iter().for_each(Waker::wake);
    holds(all(&world, &lives, Life::is_ready), || {
        let ended = lives.iter().filter(|life| life.is_ready()).count();
        format!("{LONG} tasks should each wake the next one and end, and only {ended} ended")
    })
}

/// A chain of drops: the drop of each future drops, or wakes, the waker of the next task.
fn drops_the_next(subject: &Tested, wakes: bool) -> Verdict {
    let world = subject.world()?;
    let lives: Vec<_> = (0..LONG).map(|_| world.spawn_waiting()).collect();
    if !all(&world, &lives, |life| life.polls() > 0) {
        return not_applicable("not all of 100,000 tasks that are spawned are polled");
    }
    for pair in lives.windows(2) {
        let next = pair[1].take_waker();
        pair[0].on_drop(move || next.into_iter().for_each(|waker| if wakes { waker.wake() } else { drop(waker) }));
    }
    if !wakes {
        let first = world.first_waker(&lives[0])?;
        world.ends(&lives[0], first)?;
    }
    // Drops the last waker of the first task, so that the chain begins.
    drop(lives[0].take_waker());
    drop(world);
    // The executor's own threads may still be dropping. A leak is not judged here, but by B7.
    grown(QUIET, || lives.iter().filter(|life| life.drops() > 0).count());
    Ok(())
}

/// After this time without another drop, the chain is considered finished.
const QUIET: Duration = Duration::from_secs(1);

/// Lets the executor poll until `is_so` holds for all tasks. `false` if it makes no progress for
/// [`PATIENCE`].
fn all(world: &World, lives: &[Arc<Life>], is_so: fn(&Life) -> bool) -> bool {
    grown(PATIENCE, || {
        world.executor().run();
        lives.iter().filter(|life| is_so(life)).count()
    }) == LONG
}

/// Calls `count` until it reaches [`LONG`], or has not grown for the time `quiet`. Returns the last
/// count.
fn grown(quiet: Duration, mut count: impl FnMut() -> usize) -> usize {
    let mut now = count();
    while now < LONG {
        let more = until(quiet, || Some(count()).filter(|next| *next > now));
        let Some(next) = more else { break };
        now = next;
    }
    now
}
