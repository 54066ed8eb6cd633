//! B7, B8, B14 and B15: wakers that outlive their executor, tasks that keep each other alive, and
//! long chains of them.

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

/// One task waits, one is woken, one was never polled; then the executor goes, and then everybody
/// wakes.
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

/// A future that is dropped with the executor wakes, and lets another thread wake, itself and
/// another task.
fn during_the_drop(world: World) -> Verdict {
    let (one, of_one) = world.waiting()?;
    let (two, of_two) = world.waiting()?;
    let wakers = [of_one, of_two];
    let elsewhere = wakers.clone();
    let wakes = Meanwhile::new(Box::new(move || elsewhere.into_iter().for_each(Waker::wake)), 1, Until::Ended);
    let during = wakes.clone();
    one.on_drop(move || {
        (during.hook())();
        // Who could not go on there would not go on here.
        if during.ended_inside() {
            wakers.into_iter().for_each(Waker::wake);
        }
    });
    drop(world);
    holds(
        !wakes.happened() || wakes.ended_inside(),
        || "while the executor was dropped, a wake on another thread could not go on: it waits for that drop",
    )?;
    // Where a task is owned by its wakers, these are its own.
    drop(one.take_on_drop());
    wakes.join()?;
    drop(wakes);
    released(&one, "the executor was dropped, and so was a task that woke others meanwhile; it")?;
    released(&two, "the executor was dropped, and meanwhile a task was woken that")
}

/// The executor goes while another thread is in the middle of a wake.
fn in_the_gap(world: World) -> Verdict {
    let inside = InsideWake::default();
    if !world.executor().inside_wake(inside.hook()) {
        return Ok(());
    }
    let (life, waker) = world.waiting()?;
    let (entered, dropped) = (Gate::new(), Gate::new());
    let (enter, gone) = (entered.clone(), dropped.clone());
    let dropping = Sleeper::this_thread();
    inside.at_the_next(move || {
        enter.open();
        // If the drop waits for this wake, this wake must not wait for the drop.
        Sleeper::ends_or_sleeps(dropping.as_ref(), || gone.is_open());
    });
    let wake = thread::spawn(move || waker.wake());
    entered.opens_within(PATIENCE);
    drop(world);
    dropped.open();
    ended(wake, "a wake in the middle of which the executor was dropped")?;
    released(&life, "the executor was dropped in the middle of a wake; a task that waited")
}

/// A task that nobody can reach any more must have been dropped, once.
fn released(life: &Life, which: &str) -> Verdict {
    until(PATIENCE, || {
        // If it was polled in the meantime, it keeps a waker where the check would take it.
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

    // What its future holds is dropped with it, and here these are all its other wakers.
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
    // Where the executor does not own it, it owns itself now.
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

/// Whether a task is dropped with the executor, although somebody has its waker.
fn owns_its_tasks(subject: &Tested) -> Result<bool, Stop> {
    if !subject.is_mortal() {
        return Ok(false);
    }
    let world = subject.world()?;
    let (life, _waker) = world.waiting()?;
    drop(world);
    Ok(life.drops() > 0)
}

/// So many tasks, each of which waits for the next, until they are told to end or their executor is
/// dropped.
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
        world.polled_after(life, before, "it was given a handle to wait for, and woken")?;
    }
    if told {
        members.into_iter().try_for_each(|(life, waker, _)| world.ends(&life, waker))?;
    }
    Ok(())
}

/// How many tasks a chain has.
const LONG: usize = 100_000;
/// The stack of the thread that has the executor, in bytes.
const SMALL: usize = 256 << 10;

pub(super) fn b15_long_chain(subject: &Tested) -> Verdict {
    subject.world()?;
    if matches!(subject.kind, Kind::BlockOn(_)) {
        return not_applicable("it has one task");
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

/// Each task, when it is woken, wakes the next one and ends.
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
        format!("each of {LONG} tasks wakes the next one and ends, and {ended} of them did")
    })
}

/// Each future holds the waker of the next task, and drops or wakes it when it is dropped itself.
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
    // Nobody has a waker of the first one, whether it has ended or not.
    drop(lives[0].take_waker());
    drop(world);
    // Threads of the executor may still be at it. Whether a task leaks is B7's matter.
    grown(QUIET, || lives.iter().filter(|life| life.drops() > 0).count());
    Ok(())
}

/// If nothing is dropped for so long, nothing will be.
const QUIET: Duration = Duration::from_secs(1);

/// Lets the executor poll until something is true of all tasks; `false` if it gets no further.
fn all(world: &World, lives: &[Arc<Life>], is_so: fn(&Life) -> bool) -> bool {
    grown(PATIENCE, || {
        world.executor().run();
        lives.iter().filter(|life| is_so(life)).count()
    }) == LONG
}

/// Counts until all are counted, or the count has not grown for so long; gives the last count.
fn grown(quiet: Duration, mut count: impl FnMut() -> usize) -> usize {
    let mut now = count();
    while now < LONG {
        let more = until(quiet, || Some(count()).filter(|next| *next > now));
        let Some(next) = more else { break };
        now = next;
    }
    now
}
