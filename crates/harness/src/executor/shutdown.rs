//! C14 and C15: the drop of an executor that still has tasks, and tasks that are spawned during or
//! after that drop.

use std::{
    sync::{Arc, Mutex},
    task::{Poll, Waker},
};

use crate::{
    probe::PATIENCE,
    run::{
        caught::caught,
        check::{Verdict, holds, not_applicable},
        wait::until,
    },
    subject::{
        guest::{Life, guest, lock, waits},
        handle::Spawner,
        tested::Tested,
        work::Work,
        world::{World, blocks},
    },
};

pub(super) fn c14_spawn_too_late(subject: &Tested) -> Verdict {
    let world = subject.world_of_tasks()?;
    let Some(spawner) = world.executor().spawner() else {
        return not_applicable("it has no spawner, so nothing can spawn after its drop");
    };
    // A task ends, and the drop of its future spawns another task.
    let life = at_a_drop(&world, &spawner);
    let waker = world.first_waker(&life.0)?;
    world.ends(&life.0, waker)?;
    world.drive(|| life.1.is_over());
    refused_or_done(&life.1, "the drop of an ended task started another one, which")?;
    if !subject.is_mortal() {
        return Ok(());
    }
    // Three tasks are dropped with the executor, and the drop of each one spawns. One waits, one is
    // woken, and one was never polled.
    let waiting = at_a_drop(&world, &spawner);
    drop(world.first_waker(&waiting.0)?);
    let woken = at_a_drop(&world, &spawner);
    let waker = world.first_waker(&woken.0)?;
    waker.wake_by_ref();
    let unpolled = at_a_drop(&world, &spawner);
    blocks("the executor was dropped, and a task that was dropped with it started another one: this hangs", || {
        drop(world)
    });
    drop(waker);
    // A task that its executor does not own may be dropped later, or never. Only then it spawns.
    for (life, inner) in [waiting, woken, unpolled] {
        until(PATIENCE / 50, || (life.drops() > 0).then_some(()));
        if life.drops() > 0 {
            refused_or_done(&inner, "a task that was dropped with its executor started another one, which")?;
        }
    }
    let (late, life) = guest(waits);
    let spawned =
        blocks("a task was started after the drop of the executor: this hangs", || caught(|| spawner.spawn(late)));
    let _error = spawned;
    refused_or_done(&life, "a task was started after the drop of the executor, and it")
}

/// Starts a task whose drop starts another task. Returns the records of both.
fn at_a_drop(world: &World, spawner: &Spawner) -> (Arc<Life>, Arc<Life>) {
    let life = world.spawn_waiting();
    let (inner, of_inner) = guest(|_, _| Poll::Ready(()));
    let inner: Mutex<Option<Work>> = Mutex::new(Some(inner));
    let spawner = spawner.clone();
    life.on_drop(move || {
        let inner = lock(&inner).take();
        // A panic is one of the allowed ways to refuse the task.
        let _ = inner.map(|inner| caught(|| spawner.spawn(inner)));
    });
    (life, of_inner)
}

fn refused_or_done(life: &Life, which: &str) -> Verdict {
    until(PATIENCE, || (life.drops() > 0).then_some(()));
    holds(life.drops() == 1, || format!("{which} was dropped {} times", life.drops()))
}

pub(super) fn c15_drops_its_tasks(subject: &Tested) -> Verdict {
    if !subject.is_mortal() {
        return not_applicable("its executor is never dropped before its tasks");
    }
    let world = subject.world_of_tasks()?;
    let (waiting, of_waiting) = world.waiting()?;
    let (woken, of_woken) = world.waiting()?;
    let (other, of_other) = world.waiting()?;
    let unpolled = world.spawn_waiting();
    let all = [of_waiting, of_woken.clone(), of_other];
    // The drop of each task wakes the first three.
    for life in [&waiting, &woken, &other, &unpolled] {
        let wakers: Vec<Waker> = all.to_vec();
        life.on_drop(move || wakers.iter().for_each(Waker::wake_by_ref));
    }
    of_woken.wake();
    blocks("the executor was dropped, and a future that was dropped with it woke others: this hangs", || drop(world));
    let owns = subject.policies.owns_tasks == Some(true);
    let tasks = [("waits", &waiting), ("was woken", &woken), ("waits too", &other), ("was never polled", &unpolled)];
    for (which, life) in tasks {
        let drops = life.drops();
        holds(drops <= 1 && (drops == 1 || !owns), || {
            let declared = if owns { " (it declares that it owns its tasks)" } else { "" };
            format!("the executor was dropped, and a task that {which} was dropped {drops} times{declared}")
        })?;
    }
    // If wakers own the tasks, the wakers in these hooks keep them alive. This drops those wakers.
    tasks.iter().for_each(|(_, life)| drop(life.take_on_drop()));
    drop(all);
    tasks.iter().try_for_each(|(which, life)| {
        until(PATIENCE / 50, || (life.drops() > 0).then_some(()));
        holds(life.drops() <= 1, || {
            format!("the executor was dropped, and a task that {which} was dropped {} times", life.drops())
        })
    })
}
