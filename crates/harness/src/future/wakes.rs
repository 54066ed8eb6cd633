//! A1, A2, A3 and A5: which waker a pending future wakes, and when.

use super::{
    Tested,
    drive::{Waiting, finish, fire, pending},
    held::Polled,
    tested::Kind,
};
use crate::{
    probe::{
        PATIENCE, Task, WakerProbe,
        meanwhile::{Meanwhile, Until},
    },
    run::{
        check::{Verdict, failed, holds, not_applicable},
        wait::until,
    },
};

/// The check fires the event inside the first, second, third and fourth clone of one poll.
const CLONES: usize = 4;

pub(super) fn a1_kept_or_woken(subject: &Tested) -> Verdict {
    match &subject.kind {
        Kind::Completes(make) => {
            let mut task = Task::from(make());
            for poll in 1..=100 {
                if task.poll().is_ready() {
                    return Ok(());
                }
                kept_or_woken(&task, poll)?;
            }
            Ok(())
        }
        _ => subject.each_waiting(|make| {
            // The event is kept: dropping it may drop a channel's sender, which wakes the future.
            let Waiting { mut task, event: _event } = make();
            for poll in 1..=3 {
                pending(task.poll())?;
                kept_or_woken(&task, poll)?;
            }
            Ok(())
        }),
    }
}

fn kept_or_woken(task: &Task<dyn Polled>, poll: usize) -> Verdict {
    // Kept wakers are counted first. If another thread takes the waker and wakes it in between, the
    // second test sees the wake.
    let kept = task.kept_wakers() > 0;
    holds(kept || task.is_woken(), || {
        format!("poll {poll} returned Pending and neither kept nor woke the waker: nothing can wake this task any more")
    })
}

pub(super) fn a2_last_waker(subject: &Tested) -> Verdict {
    if let Kind::Completes(make) = &subject.kind {
        return completes_by_the_last_waker(&mut Task::from(make()));
    }
    subject.each_waiting(|make| {
        // In ABA the last waker equals the first. This finds a future that compares each waker with
        // the first one only.
        for order in ["AB", "ABA"] {
            let (mut waiting, a, b) = (make(), WakerProbe::new(), WakerProbe::new());
            let (waker_a, waker_b) = (a.waker(), b.waker());
            for name in order.chars() {
                pending(waiting.task.poll_with(if name == 'A' { &waker_a } else { &waker_b }))?;
            }
            let (last, other) = if order.ends_with('A') { (&a, &b) } else { (&b, &a) };
            fire(waiting.event)?;
            let woken = until(PATIENCE, || (last.woken() > 0).then_some(()));
            holds(woken.is_some(), || {
                format!(
                    "polled with the wakers {order} in turn, its event never woke the last one, and woke the other one {} times",
                    other.woken()
                )
            })?;
        }
        Ok(())
    })
}

/// Polls twice in a row with two wakers, then waits until the last one is woken, and so on until
/// the future is ready.
fn completes_by_the_last_waker(task: &mut Task<dyn Polled>) -> Verdict {
    for _ in 0..1_000 {
        let (first, last) = (WakerProbe::new(), WakerProbe::new());
        if task.poll_with(&first.waker()).is_ready() || task.poll_with(&last.waker()).is_ready() {
            return Ok(());
        }
        if until(PATIENCE, || (last.woken() > 0).then_some(())).is_none() {
            return failed(format!(
                "polled with two wakers in turn, it woke the first {} times, and the last one never",
                first.woken()
            ));
        }
    }
    not_applicable("it does not end within 2,000 polls")
}

pub(super) fn a5_no_needless_wake(subject: &Tested) -> Verdict {
    const POLLS: usize = 3;
    if let Kind::Inert(make) = &subject.kind {
        let mut task = Task::from(make());
        for _ in 0..POLLS {
            pending(task.poll())?;
        }
        return unwoken(task.probe(), POLLS);
    }
    if let Kind::Completes(_) = &subject.kind {
        return not_applicable("it progresses without an event, so it may wake itself");
    }
    subject.each_waiting(|make| {
        let mut waiting = make();
        for _ in 0..POLLS {
            pending(waiting.task.poll())?;
        }
        unwoken(waiting.task.probe(), POLLS)?;
        let last = WakerProbe::new();
        pending(waiting.task.poll_with(&last.waker()))?;
        fire(waiting.event)?;
        // If it is never woken, A2 fails, not this check.
        until(PATIENCE, || (last.woken() > 0).then_some(()));
        holds(waiting.task.probe().woken() == 0, || "its event woke a waker that a later poll had replaced")
    })
}

fn unwoken(probe: &WakerProbe, polls: usize) -> Verdict {
    let woken = probe.woken();
    holds(woken == 0, || format!("it woke its task {woken} times in {polls} polls before its event"))
}

pub(super) fn a3_no_lost_event(subject: &Tested) -> Verdict {
    subject.each_waiting(|make| {
        let mut before = make();
        fire(before.event)?;
        if before.task.poll().is_pending() {
            finish(&mut before.task, "after its event before the first poll")?;
        }
        for nth in 1..=CLONES {
            let waiting = make();
            let meanwhile = Meanwhile::new(waiting.event, nth, Until::EndedOrBlocked);
            let mut task = waiting.task.with(&WakerProbe::new().on_clone(meanwhile.hook()));
            let polled = task.poll();
            if !meanwhile.happened() {
                pending(polled)?;
                break;
            }
            meanwhile.join()?;
            if polled.is_pending() {
                finish(&mut task, "after its event inside the clone of the waker")?;
            }
        }
        let mut after = make();
        pending(after.task.poll())?;
        fire(after.event)?;
        finish(&mut after.task, "after its event, which came after the first poll")
    })
}
