//! C6, C12 and C13: the end of a task. It may be ready, or its handle may be dropped or cancel it.
//! Its future must be dropped once, and on the right thread.

use std::{
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
};

use crate::{
    probe::{PATIENCE, WakerProbe},
    run::{
        caught::ended,
        check::{Stop, Verdict, failed, holds, not_applicable},
        wait::until,
    },
    subject::{
        guest::{Life, local_job, lock, waits},
        handle::{End, Handle},
        policies::DroppedHandle,
        tested::Tested,
        work::Output,
        world::World,
    },
};

pub(super) fn c6_ends_once(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let wakers: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let kept = Arc::clone(&wakers);
    let life = world.spawn(move |cx, life| {
        lock(&kept).extend([cx.waker().clone(), cx.waker().clone()]);
        cx.waker().wake_by_ref();
        if life.polls() == 2 { Poll::Ready(()) } else { Poll::Pending }
    });
    world.until_ended(&[&life], "a task woke itself in each poll, including its last one")?;
    let wakers = std::mem::take(&mut *lock(&wakers));
    for waker in wakers {
        waker.wake_by_ref();
        waker.wake();
    }
    world.let_others_run()?;
    let polls = life.polls_after_ready();
    holds(polls == 0, || format!("a task was woken after its end, and was then polled {polls} times"))?;
    dropped_once(&world, &life, "a task has ended")?;
    before_the_join(subject)
}

/// The future must be dropped, exactly once.
fn dropped_once(world: &World, life: &Life, what: &str) -> Verdict {
    world.drive(|| life.drops() > 0);
    world.let_others_run()?;
    holds(life.drops() == 1, || format!("{what}, and its future was dropped {} times", life.drops()))
}

/// If the subject declares it, the future must be dropped before the task that joins it is woken.
fn before_the_join(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    let Ok((mut handle, life)) = world.spawn_joined(waits) else { return Ok(()) };
    let waker = world.first_waker(&life)?;
    let drops = Arc::new(AtomicUsize::new(usize::MAX));
    let (note, task) = (Arc::clone(&drops), Arc::clone(&life));
    let probe = WakerProbe::new().on_wake(move || {
        let _ = note.compare_exchange(usize::MAX, task.drops(), SeqCst, SeqCst);
    });
    if poll(&mut handle, &probe.waker()).is_some() {
        return failed("the join handle of a waiting task is ready");
    }
    world.ends(&life, waker)?;
    let end = joined(&world, &mut handle, &probe)?;
    holds(matches!(end, End::Finished(_)), || format!("a task ended, and its join handle says {}", word(&end)))?;
    dropped_once(&world, &life, "a task has ended and was joined")?;
    let as_declared = drops.load(SeqCst) == 1 || subject.policies.drops_before_join != Some(true);
    holds(as_declared, || "it declares that a future is dropped before its join handle is ready, and it was not")
}

pub(super) fn poll(handle: &mut Handle, waker: &Waker) -> Option<End> {
    match Pin::new(handle).poll(&mut Context::from_waker(waker)) {
        Poll::Ready(end) => Some(end),
        Poll::Pending => None,
    }
}

/// The outcome that a join handle reports. The handle is polled once, and then after each wake.
pub(super) fn joined(world: &World, handle: &mut Handle, probe: &WakerProbe) -> Result<End, Stop> {
    let waker = probe.waker();
    let mut woken = usize::MAX;
    let mut end = None;
    world.drive(|| {
        if woken != probe.woken() {
            woken = probe.woken();
            end = poll(handle, &waker);
        }
        end.is_some()
    });
    end.map_or_else(|| failed(format!("a task ended, and its join handle was not ready in {PATIENCE:?}")), Ok)
}

pub(super) fn word(end: &End) -> &'static str {
    match end {
        End::Finished(_) => "that it finished",
        End::Panicked => "that it panicked",
        End::Cancelled => "that it was cancelled",
    }
}

pub(super) fn c12_dropped_handle(subject: &Tested) -> Verdict {
    let world = subject.world_of_tasks()?;
    if !world.joins() {
        return not_applicable("its tasks have no join handles");
    }
    let Some(declared) = subject.policies.dropped_handle else {
        return not_applicable("it does not declare the effect of dropping a handle");
    };
    // Three tasks: one waits, one is woken, and one was not polled yet.
    let (waiting, handle_of_waiting) = task(&world)?;
    let waker_of_waiting = world.first_waker(&waiting)?;
    let (woken, handle_of_woken) = task(&world)?;
    let waker_of_woken = world.first_waker(&woken)?;
    let (handle_of_unpolled, unpolled) = world.spawn_joined(|_, _| Poll::Ready(()))?;
    woken.tell();
    waker_of_woken.wake_by_ref();
    drop((handle_of_waiting, handle_of_unpolled, handle_of_woken));
    if declared == DroppedHandle::Detaches {
        for (life, what) in [(&unpolled, "before its first poll"), (&woken, "when it was woken")] {
            world.drive(|| life.is_over());
            holds(life.is_ready(), || {
                format!("the handle of a task was dropped {what}, and the task did not come to its end")
            })?;
        }
        world.let_others_run()?;
        holds(waiting.drops() == 0, || "the handle of a waiting task was dropped, and the task was dropped too")?;
        world.ends(&waiting, waker_of_waiting)?;
        return holds(
            waiting.is_ready(),
            || "the handle of a waiting task was dropped, and the task did not come to its end",
        );
    }
    // The executor's own threads may have polled the tasks before their handles were dropped.
    let threads = world.executor().threads() > 0;
    for (life, polls, what) in
        [(&waiting, 1, "that waits"), (&unpolled, 0, "not polled yet"), (&woken, 1, "that is woken")]
    {
        world.drive(|| life.drops() > 0);
        let (drops, polls_then) = (life.drops(), life.polls());
        holds(drops == 1 && (threads || polls_then <= polls), || {
            format!(
                "the handle of a task {what} was dropped: the task was dropped {drops} times, and polled {polls_then} times"
            )
        })?;
    }
    waker_of_waiting.wake();
    world.let_others_run()?;
    holds(waiting.polls() == 1, || "the handle of a task was dropped; then the task was woken, and polled again")
}

fn task(world: &World) -> Result<(Arc<Life>, Handle), Stop> {
    world.spawn_joined(waits).map(|(handle, life)| (life, handle))
}

pub(super) fn c13_local_tasks(subject: &Tested) -> Verdict {
    aborted_elsewhere(subject, true)?;
    aborted_elsewhere(subject, false)?;
    if !subject.is_mortal() {
        return Ok(());
    }
    // After the drop of the executor, another thread wakes and drops the task's last waker.
    let world = subject.world()?;
    let (life, _handle) = local(&world)?;
    let waker = world.first_waker(&life)?;
    drop(world);
    ended(thread::spawn(move || waker.wake()), "a wake of a local task whose executor was dropped")?;
    dropped_at_home(&life, "its last waker was woken on another thread, after the drop of its executor")
}

/// A task that is not `Send`, and its handle.
fn local(world: &World) -> Result<(Arc<Life>, Handle), Stop> {
    let here = Rc::new(());
    let script = move |cx: &mut Context<'_>, life: &Life| {
        let _here = &here;
        waits(cx, life)
    };
    let (job, life) = local_job(script, Output::default());
    match world.executor().spawn_local(job) {
        Some(handle) => Ok((life, handle)),
        None => not_applicable("it has no local tasks"),
    }
}

fn aborted_elsewhere(subject: &Tested, polled: bool) -> Verdict {
    let world = subject.world()?;
    let (life, mut handle) = local(&world)?;
    if polled {
        drop(world.first_waker(&life)?);
    }
    let cancels = subject.policies.dropped_handle == Some(DroppedHandle::Cancels);
    let cancelled = match handle.take_abort() {
        Some(abort) => thread::spawn(abort),
        None if cancels && !handle.is_local() => thread::spawn(move || drop(handle)),
        None => return not_applicable("its local tasks cannot be cancelled from another thread"),
    };
    ended(cancelled, "cancelling a local task from another thread")?;
    let dropped = world.drive(|| life.drops() > 0);
    holds(dropped, || format!("a local task was cancelled from another thread, and was not dropped in {PATIENCE:?}"))?;
    dropped_at_home(&life, "it was cancelled from another thread")
}

/// The check fails if a local task was dropped on another thread than its own, or twice.
fn dropped_at_home(life: &Life, what: &str) -> Verdict {
    until(PATIENCE / 50, || life.dropped_on().map(drop));
    let elsewhere = life.dropped_on().is_some_and(|thread| thread != thread::current().id());
    holds(!elsewhere, || format!("a local task was dropped on another thread: {what}"))?;
    holds(life.drops() <= 1, || format!("a local task was dropped {} times: {what}", life.drops()))
}
