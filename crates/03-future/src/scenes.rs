//! The scenes: short plays with the stages of this lesson, polled by hand and recorded.

use std::{
    cell::RefCell,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use clap::ValueEnum;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use lesson_future::{
    s1_lazy::{lazy, lazy_async},
    s3_countdown::Countdown,
    s4_yield_now::yield_now,
    s5_stale_delay, s6_delay, s7_cancelled_delay,
    s8_state_machine::{sum, sum_async},
    s9_pin::{Loose, Pinned},
    s11_map::map,
    s12_join::join,
    s13_select::{Either, select},
    s14_timeout::timeout,
    s15_stream::{Down, next},
    s16_lost_data::{Pair, keeps_future, keeps_state, loses},
};
use timeline::{
    Traced,
    scenes::{
        Play::{Plain, Stages},
        Record, Scene, Task, note, say,
    },
};

mod gate;

use Stage::{Cancelled, Mended, Stale};
use gate::Gate;

/// The stages of the delay.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Stage {
    /// Stage 5: it keeps the waker of its first poll
    Stale,
    /// Stage 6: it keeps the waker of its last poll
    Mended,
    /// Stage 7: and lets go of it when it is dropped
    Cancelled,
}

pub const SCENES: [Scene<Stage>; 13] = [
    Scene {
        name: "lazy",
        about: "a future is made, and nothing happens until it is polled",
        look: "The functions are called within the first poll of their task. The third future is never polled, and its \
               function never called.",
        play: Plain(play_lazy),
    },
    Scene {
        name: "countdown",
        about: "three times Pending, each with the promise kept on the spot",
        look: "Each poll but the last wakes its own task before it answers Pending: that wake is the cause of the next poll.",
        play: Plain(|| play_one(Record::start()?, "countdown", Countdown::new(3))),
    },
    Scene {
        name: "yield-now",
        about: "two tasks that let each other go first",
        look: "Both count to two. Between its numbers each steps aside, so they come out one by one: a 1, b 1, a 2, b 2.",
        play: Plain(play_yield_now),
    },
    Scene {
        name: "delay",
        about: "a delay is polled by one task, and then by another",
        look: "Its thread wakes a task in the end: the one that waits for it, or the one that asked first?",
        play: Stages(&[Stale, Mended], play_delay),
    },
    Scene {
        name: "cancel",
        about: "a task is dropped while its delay runs on",
        look: "What becomes of the waker when the task goes, and whom does the thread wake when it is done?",
        play: Stages(&[Mended, Cancelled], play_cancel),
    },
    Scene {
        name: "state-machine",
        about: "an async fn, and the machine that the compiler makes of it, by hand",
        look: "The two records are the same, line by line: while the first number is missing, the second is not asked.",
        play: Plain(play_state_machine),
    },
    Scene {
        name: "pin",
        about: "a future that points into itself is moved between two polls",
        look: "Polled once, each points into itself; then it is moved as far as the compiler allows, and polled again.",
        play: Plain(play_pin),
    },
    Scene {
        name: "map",
        about: "a future around a future",
        look: "The outer one hands its waker down: the countdown wakes the task of both, and there is no other.",
        play: Plain(|| {
            let record = Record::start()?;
            let inner = Traced::new("countdown", Countdown::new(1));
            play_one(record, "map", map(inner, |()| "what the function made of it"))
        }),
    },
    Scene {
        name: "join",
        about: "two futures wait in one task",
        look: "Both wake the task that they share, and its poll asks both, unless one is done already. Two wakes before a poll \
               are as good as one: coalesced.",
        play: Plain(|| {
            let record = Record::start()?;
            let (one, three) = (Traced::new("one", Countdown::new(1)), Traced::new("three", Countdown::new(3)));
            play_one(record, "join", join(one, three))
        }),
    },
    Scene {
        name: "select",
        about: "the first of two futures wins, the other one is cancelled",
        look: "The loser is dropped together with the select, without another poll.",
        play: Plain(|| {
            let record = Record::start()?;
            let (slow, fast) = (Traced::new("slow", Countdown::new(3)), Traced::new("fast", Countdown::new(1)));
            let winner = map(select(slow, fast), |winner| match winner {
                Either::Left(()) => "slow",
                Either::Right(()) => "fast",
            });
            play_one(record, "select", winner)
        }),
    },
    Scene {
        name: "timeout",
        about: "a future that never comes, and a delay that sets a limit to it",
        look: "The thread of the delay wakes the task; the work is asked once more, and then dropped where it stands.",
        play: Plain(play_timeout),
    },
    Scene {
        name: "stream",
        about: "many values from one stream",
        look: "One task awaits three items and the end, each by a future of its own.",
        play: Plain(|| {
            let record = Record::start()?;
            play_one(record, "stream", async {
                let mut numbers = Down::new(3);
                while let Some(number) = next(&mut numbers).await {
                    note(format_args!("item {number}"));
                }
            })
        }),
    },
    Scene {
        name: "lost-data",
        about: "a select! in a loop loses a number, and two loops that do not",
        look: "The tick comes between the two numbers of a pair.",
        play: Plain(play_lost_data),
    },
];

/// Runs one task to its end.
fn play_one<F>(record: Record, name: &str, future: F) -> Result<(), String>
where
    F: Future<Output: fmt::Debug>,
{
    end(record, name, &mut Task::new(name, future))
}

/// Runs a task to its end, shows the record, and says what came of it.
fn end<F>(record: Record, name: &str, task: &mut Task<F>) -> Result<(), String>
where
    F: Future<Output: fmt::Debug>,
{
    let output = task.run();
    record.show()?;
    match output {
        Some(output) => say(format_args!("\n{name} gave {output:?}.")),
        None => say(format_args!("\nstuck: {name} waits, and nobody can wake it.")),
    }
    Ok(())
}

fn play_lazy() -> Result<(), String> {
    let record = Record::start()?;
    let mut by_hand = Task::new("lazy", lazy(|| note("the function is called")));
    let mut by_compiler = Task::new("lazy_async", lazy_async(|| note("the function is called")));
    let mut never_polled = Task::new("never polled", lazy(|| note("the function is called")));
    note("three futures are made, and nothing has happened");
    by_hand.run();
    by_compiler.run();
    never_polled.cancel();
    record.show().map(drop)
}

fn play_yield_now() -> Result<(), String> {
    let record = Record::start()?;
    let count = |name| async move {
        note(format_args!("{name} 1"));
        yield_now().await;
        note(format_args!("{name} 2"));
    };
    let mut tasks = vec![Task::new("a", count("a")), Task::new("b", count("b"))];
    // In turn, each once for each wake, until nobody is left.
    while !tasks.is_empty() {
        tasks.retain_mut(|task| task.poll().is_pending() && task.is_woken());
    }
    record.show().map(drop)
}

/// A delay of some stage.
type Delay = Pin<Box<dyn Future<Output = ()>>>;

fn delay(stage: Stage, wait: impl FnOnce() + Send + 'static) -> Delay {
    match stage {
        Stale => Box::pin(s5_stale_delay::Delay::after(wait)),
        Mended => Box::pin(s6_delay::Delay::after(wait)),
        Cancelled => Box::pin(s7_cancelled_delay::Delay::after(wait)),
    }
}

fn play_delay(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let (gate, wait) = Gate::new();
    let delay = RefCell::new(delay(stage, wait));
    let ask = |cx: &mut Context<'_>| delay.borrow_mut().as_mut().poll(cx);
    // Asks once, as a `select` does, and leaves the delay to others.
    let mut first = Task::new("first", poll_fn(|cx| Poll::Ready(ask(cx))));
    let mut second = Task::new("second", poll_fn(ask));
    let early = first.run() == Some(Poll::Ready(())) || second.poll().is_ready();
    assert!(!early, "the gate is shut");
    gate.open();
    let stuck = !second.can_be_woken() && !second.is_woken();
    if !stuck {
        second.run();
    }
    record.show()?;
    say(if stuck { "\nstuck: second waits, and nobody can wake it." } else { "\nsecond was woken, and is done." });
    Ok(())
}

fn play_cancel(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let (gate, wait) = Gate::new();
    let mut task = Task::new("task", delay(stage, wait));
    let early = task.poll().is_ready();
    assert!(!early, "the gate is shut");
    task.cancel();
    let kept = task.can_be_woken();
    note("the task is gone, and the delay comes to its end");
    gate.open();
    record.show()?;
    say(if kept {
        "\nThe dropped delay left its waker with the thread, and with it the memory of the task."
    } else {
        "\nThe dropped delay took its waker with it."
    });
    Ok(())
}

fn play_state_machine() -> Result<(), String> {
    let record = Record::start()?;
    let number = |name: &str, number| Traced::new(name, map(Countdown::new(1), move |()| number));
    let by_compiler = Task::new("sum_async", sum_async(number("first", 40), number("second", 2))).run();
    note("and now by hand");
    let by_hand = Task::new("sum", sum(number("first", 40), number("second", 2))).run();
    record.show()?;
    let (by_compiler, by_hand) = by_compiler.zip(by_hand).ok_or("a sum waits, and nobody can wake it")?;
    say(format_args!("\nsum_async gave {by_compiler}, sum gave {by_hand}."));
    Ok(())
}

fn play_pin() -> Result<(), String> {
    let record = Record::start()?;
    let cx = &mut Context::from_waker(Waker::noop());
    let mut loose = [Traced::new("loose", Loose::default()), Traced::new("another", Loose::default())];
    let borrowed = Pin::new(&mut loose[0]).poll(cx);
    assert!(borrowed.is_pending(), "its first poll borrows");
    note("loose is moved: it changes places with another");
    loose.swap(0, 1);
    let broken = Pin::new(&mut loose[1]).poll(cx);
    let mut pinned = Box::pin(Traced::new("pinned", Pinned::default()));
    let borrowed = pinned.as_mut().poll(cx);
    assert!(borrowed.is_pending(), "its first poll borrows");
    note("the box of pinned is moved, and what it holds stays where it is");
    let mut moved = pinned;
    let whole = moved.as_mut().poll(cx);
    drop((loose, moved));
    record.show()?;
    let (Poll::Ready(Err(_)), Poll::Ready(Ok(sum))) = (&broken, &whole) else {
        return Err(format!("loose gave {broken:?}, and pinned {whole:?}"));
    };
    say("\nloose gave an error: its reference points to where its numbers were, and they are somewhere else now.");
    say(format_args!("pinned gave {sum}, the sum of the numbers behind its reference."));
    Ok(())
}

fn play_timeout() -> Result<(), String> {
    let record = Record::start()?;
    let (gate, wait) = Gate::new();
    let work = Traced::new("work", std::future::pending::<()>());
    let limit = Traced::new("limit", s7_cancelled_delay::Delay::after(wait));
    let mut task = Task::new("timeout", timeout(work, limit));
    let early = task.poll().is_ready();
    assert!(!early, "the gate is shut");
    gate.open();
    end(record, "timeout", &mut task)
}

fn play_lost_data() -> Result<(), String> {
    let record = Record::start()?;
    let lost = collect("loses", loses);
    let kept = collect("keeps_future", keeps_future);
    let also_kept = collect("keeps_state", keeps_state);
    record.show()?;
    say(format_args!("\nOf 1 2 3 4, loses made {lost:?}, keeps_future {kept:?}, keeps_state {also_kept:?}."));
    Ok(())
}

/// Plays the numbers from 1 to 4, and a tick after the first.
fn collect<F>(name: &str, collecting: impl FnOnce(UnboundedReceiver<u32>, UnboundedReceiver<()>) -> F) -> Vec<Pair>
where
    F: Future<Output = Vec<Pair>>,
{
    let ((number, numbers), (tick, ticks)) = (unbounded(), unbounded());
    let mut task = Task::new(name, collecting(numbers, ticks));
    let send = |n| number.unbounded_send(n).expect("the task reads to the end");
    note(format_args!("1 is sent to {name}"));
    send(1);
    let early = task.poll().is_ready();
    assert!(!early, "there are numbers to come");
    note("a tick");
    tick.unbounded_send(()).expect("the task hears all ticks");
    let early = task.poll().is_ready();
    assert!(!early, "there are numbers to come");
    note("2 3 4 are sent");
    (2..=4).for_each(send);
    drop((number, tick));
    task.run().expect("all numbers have come")
}
