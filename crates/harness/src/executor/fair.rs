//! C8, C9 and C17: every task gets its turn, even if other tasks never stop, and even if a runner
//! of the tasks is dropped.

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
        guest::{Life, guest, lock},
        tested::Tested,
        work::Work,
        world::{World, blocks},
    },
};

/// The number of tasks that wake themselves in each poll.
const BUSY: usize = 8;
/// After this number of polls of the busy tasks, a waiting task that has not ended starves. This
/// holds for every executor, whatever it declares.
const TOO_MANY: usize = 100_000;

pub(super) fn c8_fair(subject: &Tested) -> Verdict {
    let world = subject.world_of_tasks()?;
    task_among_busy_ones(&world, subject.policies.fairness)?;
    let timer = world.executor().timer();
    timer.map_or(Ok(()), |timer| timer_among_busy_ones(&world, timer))
}

/// The state that the busy tasks and the waiting task share.
#[derive(Default)]
struct Turns {
    /// The number of polls of the busy tasks.
    polls: AtomicUsize,
    /// Tells the busy tasks to end.
    stop: AtomicBool,
    /// The waker of the waiting task.
    waker: Mutex<Option<Waker>>,
    /// The value of `polls` when the waiting task was last woken.
    woken_at: AtomicUsize,
    /// The most polls of busy tasks between a wake of the waiting task and its poll.
    worst: AtomicUsize,
}

/// Starts the busy tasks. They wake themselves in each poll, until `stop` is set or `too_long`
/// returns true for the number of their polls.
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
    let what = format!("{BUSY} tasks woke themselves in each poll, until another one ended");
    world.until_ended(&busy.iter().collect::<Vec<_>>(), &what)
}

/// The busy tasks wake a waiting task again and again.
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
            "{BUSY} tasks always wake themselves: in {polls} polls of theirs, another task was polled {wakes} times of {ROUNDS}"
        )
    })?;
    let (worst, bound) = (turns.worst.load(SeqCst), bound.unwrap_or(TOO_MANY));
    holds(worst <= bound, || {
        format!(
            "it declares that a task waits for at most {bound} polls of {BUSY} busy tasks, and one waited for {worst}"
        )
    })
}

/// Among the busy tasks, another task waits for a timer of one millisecond.
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
        format!(
            "a task waited for a timer of 1 ms while {BUSY} others always woke themselves: in {LONG:?} it did not end"
        )
    })
}

pub(super) fn c9_until_stalled(subject: &Tested) -> Verdict {
    const POLLS: usize = 1_000;
    let world = subject.world_of_tasks()?;
    let run = || blocks("`run_until_stalled` did not return", || world.executor().run_until_stalled());
    if !run() {
        return not_applicable("it has no `run_until_stalled`");
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
            "`run_until_stalled` returned, and a task that wakes itself was polled {} times of {POLLS}",
            life.polls()
        )
    })?;
    // A task that another task starts must run too.
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
    holds(of_inner.is_ready(), || "`run_until_stalled` returned, and a task that another task started was not polled")
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
        return not_applicable("it has no runner and ticker, so none can be dropped");
    };
    drop((runner, ticker));
    for what in ["runner", "ticker"] {
        let make = || {
            let executor = world.executor();
            let made = if what == "runner" { executor.runner() } else { executor.ticker() };
            made.map(Task::from).ok_or_else(|| Stop::NotApplicable("it gives only one runner".to_owned()))
        };
        with_queued_tasks(&world, what, &make)?;
        with_a_wake(&world, what, &make)?;
    }
    Ok(())
}

type Make<'a> = &'a dyn Fn() -> Result<Task<dyn Future<Output = ()>>, Stop>;

/// A runner is dropped after it has begun to run many tasks. Another one must find all of them.
fn with_queued_tasks(world: &World, what: &str, make: Make) -> Verdict {
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
    // A ticker is ready after each tick, so a new one is made.
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
        format!(
            "a {what} was dropped, another one ran until it was no longer woken, and {ended} of {TASKS} tasks ended"
        )
    })
}

/// Two runners wait. One of them is woken for a task and is dropped: the other one must be woken.
fn with_a_wake(world: &World, what: &str, make: Make) -> Verdict {
    let two = [settled(make)?, settled(make)?];
    let life = world.spawn(|_, _| Poll::Ready(()));
    let [first, second] = two;
    let (woken, mut other) = if first.is_woken() { (first, second) } else { (second, first) };
    holds(woken.is_woken(), || format!("two {what}s waited, a task was started, and neither was woken"))?;
    drop(woken);
    holds(other.is_woken(), || {
        format!("a {what} was woken for a task and was dropped, and the other one was not woken")
    })?;
    for _ in 0..10 {
        if life.is_ready() || other.poll().is_ready() {
            break;
        }
    }
    holds(life.is_ready(), || {
        format!("a {what} was woken for a task and was dropped, and the other one did not run the task")
    })
}

/// A runner that waits, because no task is woken.
fn settled(make: Make) -> Result<Task<dyn Future<Output = ()>>, Stop> {
    let mut one = make()?;
    for _ in 0..10_000 {
        if one.poll().is_ready() {
            one = make()?;
        } else if !one.is_woken() {
            return Ok(one);
        }
    }
    not_applicable("its runner does not wait when no task is woken")
}
