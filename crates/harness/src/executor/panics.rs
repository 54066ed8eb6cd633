//! C10 and C11: a panic in a poll or in a drop must leave the executor usable, and must not leak.

use std::{
    sync::atomic::Ordering::SeqCst,
    task::{Poll, Waker},
};

use super::ends::{joined, poll, word};
use crate::{
    probe::{WakerProbe, leak::no_leak},
    run::{
        caught::caught,
        check::{Stop, Verdict, failed, holds},
    },
    subject::{
        guest::{Life, guest, job, waits},
        handle::End,
        policies::{DroppedHandle, Panics},
        tested::Tested,
        work::Output,
        world::World,
    },
};

pub(super) fn c10_panic_in_a_task(subject: &Tested) -> Verdict {
    let world = subject.world_of_tasks()?;
    let (bystander, waker) = world.waiting()?;
    // One more than the executor has threads, so that it is unusable if each panic ends a thread.
    let many = world.executor().threads() + 1;
    let mut propagated = false;
    for _ in 0..many {
        let (work, life) = guest(panics);
        // An executor that spawns from inside a task may poll the new task at once.
        propagated |= caught(|| world.executor().spawn(work)).is_err();
        propagated |= caught(|| world.drive(|| life.drops() > 0)).is_err();
        holds(life.drops() == 1, || format!("a task panicked, and its future was dropped {} times", life.drops()))?;
    }
    usable(&world, &format!("{many} tasks panicked"))?;
    bystander.tell();
    waker.wake();
    let ended = caught(|| world.drive(|| bystander.is_ready()));
    holds(ended == Ok(true), || {
        format!("{many} tasks panicked; then another one was woken, and did not come to its end")
    })?;
    match subject.policies.panics {
        Some(Panics::Isolated) if propagated => {
            failed("it declares that panics are isolated, and one propagated out of the call that polls")
        }
        Some(Panics::Propagated) if !propagated => {
            failed("it declares that panics are propagated, and none propagated out of a call")
        }
        Some(Panics::Isolated) if world.joins() => told_by_the_handle(&world),
        _ => Ok(()),
    }
}

fn panics(_: &mut std::task::Context<'_>, _: &Life) -> Poll<()> {
    panic!("a task that panics")
}

/// The check fails unless the executor still polls new tasks, without a panic of its own.
fn usable(world: &World, what: &str) -> Verdict {
    for _ in 0..2 {
        let life = caught(|| world.spawn(|_, _| Poll::Ready(())));
        let ended = life.and_then(|life| caught(|| world.drive(|| life.is_ready())));
        match ended {
            Ok(true) => {}
            Ok(false) => return failed(format!("{what}, and afterwards a new task is not polled")),
            Err(text) => return failed(format!("{what}, and afterwards the executor panics when it is used: {text}")),
        }
    }
    Ok(())
}

fn told_by_the_handle(world: &World) -> Verdict {
    let (mut handle, life) = world.spawn_joined(panics)?;
    world.drive(|| life.drops() > 0);
    let end = joined(world, &mut handle, &WakerProbe::new())?;
    holds(matches!(end, End::Panicked), || format!("a task panicked, and its join handle says {}", word(&end)))
}

pub(super) fn c11_panic_in_a_drop(subject: &Tested) -> Verdict {
    let world = subject.world_of_tasks()?;
    no_leak("tasks whose future panics when it is dropped", 1, || at_the_end(&world))?;
    usable(&world, "the drop of a future panicked")?;
    if !world.joins() {
        return Ok(());
    }
    no_leak("tasks whose future panics when it is cancelled", 1, || cancelled(&world, subject))?;
    no_leak("tasks whose result panics when it is dropped with the handle", 1, || unjoined(&world, true))?;
    no_leak("tasks whose result panics when it is dropped, and whose handle was dropped before", 1, || {
        unjoined(&world, false)
    })?;
    usable(&world, "the drop of a result panicked")
}

/// Lets the executor poll until `until` returns true, and catches the panics that propagate.
fn goes_on(world: &World, mut until: impl FnMut() -> bool) {
    // The drop of the future and the drop of the result may panic, once each. Ten tries are enough
    // for that, and bound the wait for an executor that panics in every call.
    for _ in 0..10 {
        if caught(|| world.drive(&mut until)).is_ok() {
            return;
        }
    }
}

fn at_the_end(world: &World) -> Verdict {
    let (work, life) = guest(|_, life: &Life| {
        life.panic_in_drop();
        Poll::Ready(())
    });
    drop(caught(|| world.executor().spawn(work)));
    goes_on(world, || life.drops() > 0);
    once(life.drops(), "a future panics when it is dropped at the end of its task")
}

fn once(drops: usize, what: &str) -> Verdict {
    holds(drops == 1, || format!("{what}: it was dropped {drops} times"))
}

fn cancelled(world: &World, subject: &Tested) -> Verdict {
    let (mut handle, life) = world.spawn_joined(|cx, life| {
        life.panic_in_drop();
        waits(cx, life)
    })?;
    let waker = world.first_waker(&life)?;
    let cancels = subject.policies.dropped_handle == Some(DroppedHandle::Cancels);
    match handle.take_abort() {
        Some(abort) => drop(caught(abort)),
        None if cancels => {}
        // The task cannot be cancelled, so it is told to end.
        None => {
            life.tell();
            waker.wake_by_ref();
        }
    }
    drop(caught(|| drop(handle)));
    drop(caught(|| drop(waker)));
    goes_on(world, || life.drops() > 0);
    once(life.drops(), "a future panics when it is dropped because its task was cancelled")
}

/// Starts a task whose result is never taken: its handle is dropped after the task has `ended`, or
/// before.
fn unjoined(world: &World, ended: bool) -> Verdict {
    let (output, drops) = Output::counted(true);
    let (job, life) = job(waits, output);
    let Some(mut handle) = world.executor().spawn_joined(job) else { return Err(Stop::NotApplicable(String::new())) };
    let waker = world.first_waker(&life)?;
    let mut handle = if ended {
        let _ = poll(&mut handle, Waker::noop());
        Some(handle)
    } else {
        drop(handle);
        None
    };
    life.tell();
    waker.wake();
    goes_on(world, || life.is_over());
    if ended {
        // The handle is not polled again, so the task's memory still holds the result.
        goes_on(world, || life.drops() > 0);
        drop(caught(|| drop(handle.take())));
    }
    goes_on(world, || drops.load(SeqCst) > 0 && life.drops() > 0);
    once(drops.load(SeqCst), "a result panics when it is dropped")
}
