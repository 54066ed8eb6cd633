//! C8, C9 and C17: that everybody's turn comes, also when others never stop, and when those who run
//! the tasks do.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    time::{Duration, Instant},
};

use crate::{
    probe::Task,
    run::check::{Stop, Verdict, holds, not_applicable},
    subject::{
        adapter::Work,
        guest::{Life, guest, lock},
        tested::Tested,
        world::{World, blocks},
    },
};

/// How many tasks wake themselves in each poll.
const BUSY: usize = 8;
/// So many polls of theirs, and the task that waits has not come to its end: it starves, whatever
/// was declared.
const TOO_MANY: usize = 100_000;

pub(super) fn c8_fair(subject: &Tested) -> Verdict {
    let world = subject.world_of_tasks()?;
    task_among_busy_ones(&world, subject.policies.fairness)?;
    let timer = world.executor().timer();
    timer.map_or(Ok(()), |timer| timer_among_busy_ones(&world, timer))
}

/// What the busy tasks and the one that waits know of each other.
#[derive(Default)]
struct Turns {
    /// Those of the busy ones.
    polls: AtomicUsize,
    stop: AtomicBool,
    /// The waker of the one that waits.
    waker: Mutex<Option<Waker>>,
    /// The number of the poll that woke it.
    woken_at: AtomicUsize,
    /// For how many polls it waited at most.
    worst: AtomicUsize,
}

/// Starts the tasks that wake themselves in each poll, until somebody says stop or they see that it
/// goes on for too long.
fn start_busy_ones(
    world: &World,
    turns: &Arc<Turns>,
    too_long: impl Fn(usize) -> bool + Copy + Send + 'static,
) -> Vec<Arc<Life>> {
    let spawn = |_| {
        let turns = Arc::clone(turns);
        world.spawn(move |cx, _| {
            let poll = turns.polls.fetch_add(1, SeqCst);
            let waker = lock(&turns.waker).take();
            if let Some(waker) = waker {
                turns.woken_at.store(poll, SeqCst);
                waker.wake();
            }
            if turns.stop.load(SeqCst) || too_long(poll) {
                turns.stop.store(true, SeqCst);
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    };
    (0..BUSY).map(spawn).collect()
}

fn all_end(world: &World, busy: &[Arc<Life>]) -> Verdict {
    let what = format!("{BUSY} tasks wake themselves in each poll, until another one has ended");
    world.until_ended(&busy.iter().collect::<Vec<_>>(), &what)
}

/// A task that is woken by a busy one, again and again.
fn task_among_busy_ones(world: &World, bound: Option<usize>) -> Verdict {
    const ROUNDS: usize = 100;
    let turns = Arc::<Turns>::default();
    let shared = Arc::clone(&turns);
    let waits = world.spawn(move |cx, life| {
        if life.polls() > 0 {
            let waited = shared.polls.load(SeqCst).saturating_sub(shared.woken_at.load(SeqCst) + 1);
            shared.worst.fetch_max(waited, SeqCst);
        }
        if life.polls() == ROUNDS {
            shared.stop.store(true, SeqCst);
            return Poll::Ready(());
        }
        let old = lock(&shared.waker).replace(cx.waker().clone());
        drop(old);
        Poll::Pending
    });
    let busy = start_busy_ones(world, &turns, |poll| poll >= TOO_MANY);
    all_end(world, &busy)?;
    holds(waits.is_ready(), || {
        let (polls, wakes) = (turns.polls.load(SeqCst), waits.polls());
        format!(
            "{BUSY} tasks wake themselves: after {polls} polls of theirs, another one that they woke had {wakes} of {ROUNDS}"
        )
    })?;
    let (worst, bound) = (turns.worst.load(SeqCst), bound.unwrap_or(TOO_MANY));
    holds(worst <= bound, || {
        format!(
            "declared are {bound} polls of {BUSY} tasks that wake themselves, and another task waited for {worst} of them"
        )
    })
}

/// A task that waits for a millisecond to pass.
fn timer_among_busy_ones(world: &World, timer: fn(Duration) -> Work) -> Verdict {
    const LONG: Duration = Duration::from_millis(2_500);
    let turns = Arc::<Turns>::default();
    let shared = Arc::clone(&turns);
    let mut sleep = None;
    let waits = world.spawn(move |cx, _| {
        let sleep = sleep.get_or_insert_with(|| timer(Duration::from_millis(1)));
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        shared.stop.store(true, SeqCst);
        Poll::Ready(())
    });
    let began = Instant::now();
    let busy = start_busy_ones(world, &turns, move |_| began.elapsed() > LONG);
    all_end(world, &busy)?;
    holds(waits.is_ready(), || {
        format!("a task waits for a millisecond, {BUSY} others wake themselves, and in {LONG:?} it was not polled")
    })
}

pub(super) fn c9_until_stalled(subject: &Tested) -> Verdict {
    const POLLS: usize = 1_000;
    let world = subject.world_of_tasks()?;
    let run = || blocks("running until no task is woken did not end", || world.executor().run_until_stalled());
    if !run() {
        return not_applicable("it does not run until no task is woken");
    }
    let life = world.spawn(|cx, life| {
        if life.polls() + 1 == POLLS {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    run();
    holds(life.is_ready(), || {
        format!(
            "it ran until no task was woken, and one that wakes itself was polled {} times of {POLLS}",
            life.polls()
        )
    })?;
    // What a task starts is to run too.
    let Some(spawner) = world.executor().spawner() else { return Ok(()) };
    let (inner, of_inner) = guest(|_, _| Poll::Ready(()));
    let mut inner = Some(inner);
    world.spawn(move |_, _| {
        if let Some(inner) = inner.take() {
            spawner.spawn(inner);
        }
        Poll::Ready(())
    });
    run();
    holds(of_inner.is_ready(), || "it ran until no task was woken, and one that a task had started was not polled")
}

pub(super) fn c17_nobody_is_stranded(subject: &Tested) -> Verdict {
    match runners(subject) {
        Err(Stop::NotApplicable(_)) if subject.has_model("C17") => {}
        verdict => verdict?,
    }
    subject.run_model("C17")
}

fn runners(subject: &Tested) -> Verdict {
    let world = subject.world_of_tasks()?;
    let (Some(runner), Some(ticker)) = (world.executor().runner(), world.executor().ticker()) else {
        return not_applicable("nothing that runs its tasks can stop before them");
    };
    drop((runner, ticker));
    for what in ["runner", "ticker"] {
        let make = || {
            let executor = world.executor();
            let made = if what == "runner" { executor.runner() } else { executor.ticker() };
            made.map(Task::from).ok_or_else(|| Stop::NotApplicable("it gives one once".to_owned()))
        };
        with_tasks_in_hand(&world, what, &make)?;
        with_a_notice(&world, what, &make)?;
    }
    Ok(())
}

type Make<'a> = &'a dyn Fn() -> Result<Task<dyn Future<Output = ()>>, Stop>;

/// One that has begun to run many tasks stops. Another one must find them all.
fn with_tasks_in_hand(world: &World, what: &str, make: Make) -> Verdict {
    const TASKS: usize = 300;
    let lives: Vec<_> = (0..TASKS)
        .map(|_| {
            world.spawn(|cx, life| {
                cx.waker().wake_by_ref();
                if life.polls() == 3 { Poll::Ready(()) } else { Poll::Pending }
            })
        })
        .collect();
    let mut stops = make()?;
    let _ = stops.poll();
    drop(stops);
    let ended = || lives.iter().filter(|life| life.is_ready()).count();
    let mut other = make()?;
    // A ticker ends with each tick, and is made anew.
    for _ in 0..TASKS * 10 {
        if ended() == TASKS {
            break;
        }
        if other.poll().is_ready() {
            other = make()?;
        } else if !other.is_woken() {
            break;
        }
    }
    let ended = ended();
    holds(ended == TASKS, || {
        format!("a {what} stopped, another one ran until it was not woken, and {ended} of {TASKS} tasks ended")
    })
}

/// Two wait. One of them is told of a task, and stops: the other one must hear of it.
fn with_a_notice(world: &World, what: &str, make: Make) -> Verdict {
    let two = [settled(make)?, settled(make)?];
    let life = world.spawn(|_, _| Poll::Ready(()));
    let [first, second] = two;
    let (told, mut other) = if first.is_woken() { (first, second) } else { (second, first) };
    holds(told.is_woken(), || format!("two {what}s wait, a task was started, and neither was woken"))?;
    drop(told);
    holds(other.is_woken(), || format!("a {what} was woken for a task and stopped, and the other one was not woken"))?;
    for _ in 0..10 {
        if life.is_ready() || other.poll().is_ready() {
            break;
        }
    }
    holds(life.is_ready(), || format!("a {what} was woken for a task and stopped, and the other one did not run it"))
}

/// One that waits, there being nothing to do.
fn settled(make: Make) -> Result<Task<dyn Future<Output = ()>>, Stop> {
    let mut one = make()?;
    for _ in 0..10_000 {
        if one.poll().is_ready() {
            one = make()?;
        } else if !one.is_woken() {
            return Ok(one);
        }
    }
    not_applicable("it does not wait when there is nothing to do")
}
