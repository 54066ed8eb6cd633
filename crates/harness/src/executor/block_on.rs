//! C1 to C3: `block_on`, with wakes that race with the park, with polls that park the thread, and
//! nested.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use crate::{
    probe::meanwhile::{Meanwhile, Sleeper, Until},
    run::{
        caught::{caught, ended},
        check::{Stop, Verdict, failed, not_applicable},
    },
    subject::{
        guest::{guest, lock},
        handle::ThreadBound,
        policies::Nested,
        tested::Tested,
        work::Work,
        world::World,
    },
};

pub(super) fn c1_wake_before_the_park(subject: &Tested) -> Verdict {
    match blocked(subject) {
        Err(Stop::NotApplicable(_)) if subject.has_model("C1") => {}
        verdict => verdict?,
    }
    subject.run_model("C1")
}

fn blocked(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    for (way, wake) in WAYS {
        let (root, _) = guest(move |cx, life| {
            if life.polls() == 3 {
                return Poll::Ready(());
            }
            wake(cx);
            Poll::Pending
        });
        let hang = format!("the future of `block_on` was woken {way}, and was not polled again");
        world.block_on(root, &hang)?;
    }
    races_with_the_park(&world)?;
    while_parked(&world)
}

type Wake = fn(&mut Context<'_>);

/// Ways to wake the polled task before its poll returns, with a name for the report.
const WAYS: [(&str, Wake); 3] = [
    ("inside its poll, by itself", |cx| cx.waker().wake_by_ref()),
    ("inside its poll, twice by itself", |cx| (0..2).for_each(|_| cx.waker().wake_by_ref())),
    ("inside its poll, by another thread", wake_elsewhere),
];

/// Wakes on another thread, and returns when that wake has returned.
pub(super) fn wake_elsewhere(cx: &mut Context<'_>) {
    let waker = cx.waker().clone();
    (Meanwhile::new(Box::new(move || waker.wake()), 1, Until::Ended).hook())();
}

/// Another thread wakes right after each poll, with a different short delay each time. So some
/// wakes come before the park and some during it.
fn races_with_the_park(world: &World) -> Verdict {
    const ROUNDS: usize = 200;
    let (turn, left): (Arc<AtomicUsize>, Arc<Mutex<Option<Waker>>>) = Default::default();
    let (theirs, taken) = (Arc::clone(&turn), Arc::clone(&left));
    let wakes = thread::spawn(move || {
        for round in 1..=ROUNDS {
            while theirs.load(SeqCst) < round {
                thread::yield_now();
            }
            (0..round % 50).for_each(|_| std::hint::spin_loop());
            let waker = lock(&taken).take();
            waker.into_iter().for_each(Waker::wake);
        }
    });
    let (root, _) = guest(move |cx, life| {
        if life.polls() == ROUNDS {
            return Poll::Ready(());
        }
        *lock(&left) = Some(cx.waker().clone());
        turn.store(life.polls() + 1, SeqCst);
        Poll::Pending
    });
    world.block_on(root, "the future of `block_on` was woken right after its poll, and was not polled again")?;
    ended(wakes, "a wake")
}

/// Another thread wakes while this thread sleeps in `block_on`.
fn while_parked(world: &World) -> Verdict {
    let hang = "the future of `block_on` was woken while the thread slept, and was not polled again";
    world.block_on(woken_in_its_sleep(|| ()), hang)
}

/// A future that another thread wakes while the polling thread sleeps; the next poll is ready. The
/// first poll calls `first`.
fn woken_in_its_sleep(first: fn()) -> Work {
    let woken = Arc::new(AtomicBool::new(false));
    let (root, _) = guest(move |cx, life| {
        if woken.load(SeqCst) {
            return Poll::Ready(());
        }
        if life.polls() == 0 {
            first();
            let (waker, sleeper, woken) = (cx.waker().clone(), Sleeper::this_thread(), Arc::clone(&woken));
            thread::spawn(move || {
                Sleeper::falls_asleep(sleeper.as_ref());
                woken.store(true, SeqCst);
                waker.wake();
            });
        }
        Poll::Pending
    });
    root
}

pub(super) fn c2_park_inside_poll(subject: &Tested) -> Verdict {
    let world = subject.world()?;
    for (way, wake) in WAYS {
        // A contended lock, or a library that waits for its own thread, also parks inside a poll.
        let (root, _) = guest(move |cx, life| {
            if life.polls() == 2 {
                return Poll::Ready(());
            }
            wake(cx);
            thread::park_timeout(Duration::ZERO);
            Poll::Pending
        });
        let hang =
            format!("the future of `block_on` was woken {way}, then its poll parked the thread: the wake is lost");
        world.block_on(root, &hang)?;
    }
    let hang =
        "a poll unparked its own thread; later the future was woken while the thread slept, and was not polled again";
    world.block_on(woken_in_its_sleep(|| thread::current().unpark()), hang)?;
    match subject.world_of_tasks() {
        Ok(world) => inside_a_task(&world),
        Err(_) => Ok(()),
    }
}

/// A task wakes another task, and then its poll parks the thread.
fn inside_a_task(world: &World) -> Verdict {
    let (other, waker) = world.waiting()?;
    other.tell();
    let parks = world.spawn(move |_, _| {
        waker.wake_by_ref();
        thread::park_timeout(Duration::ZERO);
        Poll::Ready(())
    });
    world.until_ended(&[&parks, &other], "a task woke another one, then its poll parked its thread")
}

pub(super) fn c3_nested(subject: &Tested) -> Verdict {
    let (outer, inner) = (subject.world()?, subject.world()?);
    if !outer.has_block_on() || !inner.has_block_on() {
        return not_applicable("it does not block on a future");
    }
    // The future of `block_on` must be `Send`, and the inner executor is not.
    let inner = ThreadBound::new(inner);
    let blocks = inner.clone();
    let seen = Arc::new(Mutex::new(None));
    let note = Arc::clone(&seen);
    let (root, _) = guest(move |cx, life| {
        if life.polls() == 1 {
            return Poll::Ready(());
        }
        // The wake of the outer future comes before the park of the inner one, on the same thread.
        cx.waker().wake_by_ref();
        let works = blocks.with(|inner| caught(|| while_parked(inner)));
        *lock(&note) = works;
        Poll::Pending
    });
    outer.block_on(
        root,
        "inside the future of `block_on`, an inner `block_on` was called: the outer future was woken and not polled",
    )?;
    drop((outer, inner));
    let seen = lock(&seen).take();
    let (did, text) = match seen {
        None => return failed("the future of `block_on` was not polled"),
        Some(Ok(verdict)) => verdict.map(|()| (Nested::Works, "works".to_owned()))?,
        Some(Err(text)) => (Nested::Panics, format!("panics: {text}")),
    };
    match subject.policies.nested {
        Some(declared) if declared != did => {
            failed(format!("it declares `{declared:?}`, but a nested `block_on` {text}"))
        }
        _ => Ok(()),
    }
}
