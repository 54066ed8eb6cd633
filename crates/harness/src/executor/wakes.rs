//! C4, C5 and C7: a wake causes a poll of that task, of no other task, and never two polls at once.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    thread,
};

use super::block_on::wake_elsewhere;
use crate::{
    probe::{Gate, PATIENCE, meanwhile::Sleeper},
    run::{
        caught::ended,
        check::{Stop, Verdict, holds, not_applicable},
    },
    subject::{
        guest::{Life, lock},
        tested::Tested,
        world::World,
    },
};

pub(super) fn c4_every_wake_is_followed(subject: &Tested) -> Verdict {
    match every_wake(subject) {
        Err(Stop::NotApplicable(_)) if subject.has_model("C4") => {}
        verdict => verdict?,
    }
    subject.run_model("C4")
}

fn every_wake(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    in_its_poll(&world)?;
    in_the_poll_of_another(&world)?;
    after_a_poll(&world)?;
    while_all_sleep(&world)?;
    many_in_turn(&world)
}

fn in_its_poll(world: &World) -> Verdict {
    let life = world.spawn(|cx, life| {
        cx.waker().wake_by_ref();
        if life.polls() == 100 { Poll::Ready(()) } else { Poll::Pending }
    });
    world.until_ended(&[&life], "a task woke itself in each poll")
}

fn in_the_poll_of_another(world: &World) -> Verdict {
    let (other, waker) = world.waiting()?;
    other.tell();
    let wakes = world.spawn(move |_, _| {
        waker.wake_by_ref();
        Poll::Ready(())
    });
    world.until_ended(&[&wakes, &other], "a task woke another one in its last poll")
}

/// The drop of a task's future wakes another task. That drop comes after the poll, and before the
/// executor can go to sleep.
fn after_a_poll(world: &World) -> Verdict {
    let (other, waker) = world.waiting()?;
    other.tell();
    let (last, of_last) = world.waiting()?;
    last.on_drop(move || waker.wake());
    last.tell();
    of_last.wake();
    world.until_ended(
        &[&last, &other],
        "a task was woken by the drop of another task's future, after the poll of that task",
    )
}

/// Another thread wakes a task while this thread sleeps, if the executor can block.
fn while_all_sleep(world: &World) -> Verdict {
    let (life, waker) = world.waiting()?;
    life.tell();
    let sleeper = Sleeper::this_thread().filter(|_| world.has_block_on());
    let wakes = thread::spawn(move || {
        if sleeper.is_some() {
            Sleeper::falls_asleep(sleeper.as_ref());
        }
        waker.wake();
    });
    world.until_ended(&[&life], "a task was woken from another thread while its executor slept")?;
    ended(wakes, "a wake")
}

/// Another thread wakes a task again and again, right after each poll.
fn many_in_turn(world: &World) -> Verdict {
    const ROUNDS: usize = 200;
    let (turn, left): (Arc<AtomicUsize>, Arc<Mutex<Option<Waker>>>) = Default::default();
    let (theirs, taken) = (Arc::clone(&turn), Arc::clone(&left));
    let life = world.spawn(move |cx, life| {
        if life.polls() == ROUNDS {
            return Poll::Ready(());
        }
        *lock(&left) = Some(cx.waker().clone());
        turn.store(life.polls() + 1, SeqCst);
        Poll::Pending
    });
    let wakes = thread::spawn(move || {
        for round in 1..=ROUNDS {
            while theirs.load(SeqCst) < round {
                thread::yield_now();
            }
            let waker = lock(&taken).take();
            waker.into_iter().for_each(Waker::wake);
        }
    });
    world.until_ended(&[&life], "a task was woken again and again from another thread, right after its poll")?;
    ended(wakes, "a wake")
}

pub(super) fn c5_one_poll_at_a_time(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let (inside, leave, over) = (Gate::new(), Gate::new(), Gate::new());
    let (enters, left, first) = (inside.clone(), leave.clone(), over.clone());
    // With one polling thread a second poll could only begin inside the wake, so the first poll
    // does not wait.
    let waits = world.executor().threads() > 1;
    let life = world.spawn(move |cx, _| {
        if first.is_open() {
            return Poll::Ready(());
        }
        if inside.is_open() {
            return Poll::Pending;
        }
        inside.open();
        cx.waker().wake_by_ref();
        wake_elsewhere(cx);
        if waits {
            left.opens_within(PATIENCE);
        }
        first.open();
        Poll::Pending
    });
    if waits {
        if !enters.opens_within(PATIENCE) {
            return not_applicable("a task that is spawned is not polled (C4)");
        }
        // The first poll waits until other tasks have run. So every free thread had the time to
        // begin a second poll.
        let others = world.let_others_run();
        leave.open();
        others?;
    }
    world.drive(|| over.is_open());
    no_overlap(&life, "the task was woken twice inside its poll")?;
    world.until_ended(&[&life], "a task was woken twice inside its poll")?;
    no_overlap(&life, "the task was woken twice inside its poll")?;
    storm(&world)?;
    subject.run_model("C5")
}

fn no_overlap(life: &Life, what: &str) -> Verdict {
    let overlaps = life.overlaps();
    holds(overlaps == 0, || format!("{overlaps} polls of a task began during another poll of it; {what}"))
}

/// Two threads wake a task as fast as they can.
fn storm(world: &World) -> Verdict {
    const WAKES: usize = 2_000;
    let (life, waker) = world.waiting()?;
    let threads = [waker.clone(), waker.clone()].map(|waker| {
        thread::spawn(move || {
            for _ in 0..WAKES {
                waker.wake_by_ref();
                thread::yield_now();
            }
        })
    });
    world.drive(|| threads.iter().all(thread::JoinHandle::is_finished));
    threads.into_iter().try_for_each(|thread| ended(thread, "a wake"))?;
    world.ends(&life, waker)?;
    no_overlap(&life, "two other threads woke the task again and again")
}

pub(super) fn c7_no_poll_without_a_wake(subject: &Tested) -> Verdict {
    const TASKS: usize = 10;
    const WAKES: usize = 3;
    let world = subject.world_of_tasks()?;
    let tasks = (0..TASKS).map(|_| world.waiting()).collect::<Result<Vec<_>, Stop>>()?;
    world.let_others_run()?;
    let (woken, waker) = &tasks[0];
    for _ in 0..WAKES {
        let before = woken.polls();
        waker.wake_by_ref();
        world.polled_after(woken, before, "a task was woken")?;
    }
    world.let_others_run()?;
    let idle = tasks[1..].iter().map(|(life, _)| life.polls()).max().unwrap_or_default();
    holds(idle <= 1, || format!("{TASKS} tasks waited, and one that was not woken was polled {idle} times"))?;
    let polls = woken.polls();
    holds(polls <= WAKES + 1, || format!("a task was woken {WAKES} times, and was polled {polls} times"))
}
