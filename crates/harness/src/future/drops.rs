//! A7 and A8: a future that is dropped before its event releases its waker and its permit.

use super::{
    Tested,
    drive::{finish, fire, pending},
    tested::Kind,
};
use crate::{
    probe::{
        PATIENCE, Task, WakerProbe,
        meanwhile::{Meanwhile, Until},
    },
    run::{
        check::{Stop, Verdict, failed, holds, not_applicable},
        wait::until,
    },
};

pub(super) fn a7_drop_releases(subject: &Tested) -> Verdict {
    if let Kind::Completes(make) | Kind::Inert(make) = &subject.kind {
        let mut task = Task::from(make());
        let probe = task.probe().clone();
        let _ = task.poll();
        drop(task);
        // Its own thread or timer may hold the waker a little longer, to wake it.
        let released = until(PATIENCE, || (probe.live() == 0).then_some(()));
        return holds(released.is_some(), || kept(&probe, "it was dropped"));
    }
    subject.each_waiting(|make| {
        let unpolled = make();
        drop(unpolled.task);
        late(fire(unpolled.event), "dropped before its first poll")?;

        let mut pending_one = make();
        let probe = pending_one.task.probe().clone();
        pending(pending_one.task.poll())?;
        drop(pending_one.task);
        holds(probe.live() == 0, || kept(&probe, "it was dropped while it was pending, before its event,"))?;
        late(fire(pending_one.event), "dropped while it was pending")?;

        // The event happens while the drop releases the waker.
        let waiting = make();
        let meanwhile = Meanwhile::new(waiting.event, 1, Until::EndedOrBlocked);
        let probe = WakerProbe::new().on_drop(meanwhile.hook());
        let mut task = waiting.task.with(&probe);
        pending(task.poll())?;
        drop(task);
        late(meanwhile.join(), "in the middle of its drop")?;
        holds(probe.live() == 0, || kept(&probe, "its event had happened in the middle of its drop,"))
    })
}

fn kept(probe: &WakerProbe, when: &str) -> String {
    format!("{when} and {} clones of its waker are still kept", probe.live())
}

fn late(event: Verdict, dropped: &str) -> Verdict {
    event.map_err(|stop| stop.after(&format!("{dropped}; then ")))
}

pub(super) fn a8_no_permit_lost(subject: &Tested) -> Verdict {
    let Kind::Permits(make) = &subject.kind else { return not_applicable("it gives out no permits") };
    let waiters = || -> Result<_, Stop> {
        let (first, second, release) = make();
        let (mut first, mut second) = (Task::from(first), Task::from(second));
        pending(first.poll())?;
        pending(second.poll())?;
        Ok((first, second, release))
    };

    let (first, mut second, release) = waiters()?;
    drop(first);
    fire(release)?;
    finish(&mut second, "after the first of two waiters was dropped and a permit was released")?;

    let (mut first, second, release) = waiters()?;
    drop(second);
    fire(release)?;
    finish(&mut first, "after the second of two waiters was dropped and a permit was released")?;

    let (first, second, release) = waiters()?;
    fire(release)?;
    let woken = until(PATIENCE, || (first.is_woken() || second.is_woken()).then(|| first.is_woken()));
    let (woken, mut other) = match woken {
        Some(true) => (first, second),
        Some(false) => (second, first),
        None => return failed("a permit was released, and neither of two waiters was woken"),
    };
    drop(woken);
    finish(&mut other, "after a permit was released and the waiter that was woken for it was dropped")
}
