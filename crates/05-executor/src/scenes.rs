//! The scenes: short programs, run by the stages of this lesson and recorded.

use std::{cell::Cell, future::poll_fn, panic, rc::Rc, sync::mpsc, task::Poll, thread};

use lesson_executor::{s2_block_on, s3_run_queue, s4_spawn, s7_fast};
use lesson_future::s4_yield_now::yield_now;
use lesson_waker::s9_oneshot::{self, HungUp, Receiver, Sender};
use timeline::{
    Event, Timeline, Traced,
    scenes::{
        Play::{Plain, Stages},
        Record, Scene, note, on_thread, say,
    },
};

mod detector;
mod kernel;
mod pools;
mod stages;

use stages::{
    Executor,
    Stage::{self, BlockOn, Fast, Pool, RunQueue, Spawn, Spin, Stealing},
};

pub const SCENES: [Scene<Stage>; 12] = [
    Scene {
        name: "loop",
        about: "two tasks: one waits for a value, the other one sends it",
        look: "How often is the reader polled, and why? Stage 1 asks it in every round. With a queue it is polled twice: once \
               because it is new, and once because it was woken.",
        play: Stages(&[Spin, RunQueue, Fast, Spawn], play_loop),
    },
    Scene {
        name: "queue",
        about: "an async fn is called, spawned, polled, woken and polled again",
        look: "Called, it is a future, and nothing has happened. Spawned, it is in the queue. Pending, it is off the queue, and \
               however often the executor looks, it is not polled. The wake puts it back.",
        play: Stages(&[RunQueue, Fast, Spawn], play_queue),
    },
    Scene {
        name: "interleaved",
        about: "three tasks take turns on one thread",
        look: "All of it happens on the thread main. At each await that is Pending, the next in the queue goes on.",
        play: Stages(&[Spin, RunQueue, Fast, Spawn], play_interleaved),
    },
    Scene {
        name: "layer",
        about: "who decides which task goes on, the kernel or this program",
        look: "Ten thousand times one task steps aside for another. The kernel is never asked: it knows of one thread.",
        play: Stages(&[Spin, RunQueue, Fast, Spawn], kernel::play_layer),
    },
    Scene {
        name: "idle",
        about: "a future waits a tenth of a second for another thread",
        look: "How often is it polled meanwhile, and how much CPU time does that take?",
        play: Stages(&[Spin, BlockOn, RunQueue, Spawn], kernel::play_idle),
    },
    Scene {
        name: "wake",
        about: "nobody is in the queue, the thread sleeps, and another thread wakes a task",
        look: "The waker comes from the executor, with the poll, and the future leaves a clone of it where the value will come. \
               The wake puts the task into the queue first, and ends the sleep of the thread second.",
        play: Stages(&[BlockOn, RunQueue, Fast, Spawn], play_wake),
    },
    Scene {
        name: "blocks",
        about: "a task blocks inside its poll",
        look: "Nothing prevents it. The thread is its own meanwhile, and the rest of the queue waits; a detector reads that from \
               the record.",
        play: Stages(&[Spin, RunQueue, Fast, Spawn], detector::play_blocks),
    },
    Scene {
        name: "panic",
        about: "a task panics",
        look: "It ends with that poll. Its join handle tells why, and the other task and the executor go on.",
        play: Plain(play_panic),
    },
    Scene {
        name: "cancel",
        about: "one task is aborted, one is detached, and one is there when the executor goes",
        look: "Aborted, a task goes into the queue once more, to be dropped where it would be polled. Detached, it runs on. The \
               executor takes along whoever waits.",
        play: Plain(play_cancel),
    },
    Scene {
        name: "turn",
        about: "one task is never idle, and another one waits for the driver",
        look: "The thread never sleeps. So every so many polls the executor looks into what it would sleep in.",
        play: Stages(&[RunQueue, Spawn], kernel::play_turn),
    },
    Scene {
        name: "pool",
        about: "two tasks are polled at once, on two threads",
        look: "Each blocks inside its poll until the other one does: on one thread that would be for ever. After that a task may \
               move to the other thread.",
        play: Stages(&[Pool, Stealing], pools::play_pool),
    },
    Scene {
        name: "steal",
        about: "a task spawns three, and blocks its worker until they have run",
        look: "They are in the queue of a worker that does not come to it. The other worker has nothing, looks into that queue, and \
               takes half of what is there; and again.",
        play: Plain(pools::play_steal),
    },
];

// ANCHOR: loop
/// Waits for a value.
async fn reader(receiver: Receiver<u32>) {
    note(format_args!("received {:?}", receiver.await));
}

/// Steps aside a few times, and sends one.
async fn writer(sender: Sender<u32>) {
    for _ in 0..3 {
        yield_now().await;
    }
    sender.send(5).unwrap_or_default();
}

fn play_loop(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let executor = Executor::of(stage);
    let (sender, receiver) = s9_oneshot::channel();
    executor.spawn("reader", reader(receiver));
    executor.spawn("writer", writer(sender));
    executor.run();
    let timeline = record.show()?;
    let polls = |task| polls(&timeline, task);
    say(format_args!("\nreader was polled {} times, writer {}.", polls("reader"), polls("writer")));
    Ok(())
}
// ANCHOR_END: loop

/// How often the task of this name was polled.
fn polls(timeline: &Timeline, of: &str) -> usize {
    let spawned = |event: &Event| matches!(event, Event::Spawn { name, .. } if name == of);
    let task = timeline.records().iter().find(|record| spawned(&record.event)).and_then(|record| record.task());
    let polled = |event: &Event| matches!(event, Event::Poll { .. });
    timeline.records().iter().filter(|record| polled(&record.event) && record.task() == task).count()
}

fn play_queue(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let executor = Executor::of(stage);
    let count = |when: &str| note(format_args!("{when}: {} in the queue", executor.queue_len()));
    let (sender, receiver) = s9_oneshot::channel();
    // ANCHOR: queue
    let future = reader(receiver);
    count("called");
    executor.spawn("reader", future);
    count("spawned");
    executor.run();
    count("after its first poll");
    executor.run();
    count("after another look into the queue");
    on_thread("sender", move || sender.send(5).unwrap_or_default())?;
    count("woken");
    executor.run();
    count("after its second poll");
    // ANCHOR_END: queue
    record.show().map(drop)
}

// ANCHOR: interleaved
async fn count(name: &'static str) {
    for number in 1..=3 {
        note(format_args!("{name}{number}"));
        yield_now().await;
    }
}

fn play_interleaved(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let executor = Executor::of(stage);
    for name in ["a", "b", "c"] {
        executor.spawn(name, count(name));
    }
    executor.run();
    let timeline = record.show()?;
    let said = timeline.records().iter().filter_map(|record| match &record.event {
        Event::Note { text, .. } => Some(text.as_str()),
        _ => None,
    });
    say(format_args!("\n{}, on {} thread.", said.collect::<Vec<_>>().join(" "), timeline.threads().len()));
    Ok(())
}
// ANCHOR_END: interleaved

fn play_wake(stage: Stage) -> Result<(), String> {
    let (parks, has_parked) = mpsc::channel();
    let record = Record::start_and_at("park", move || parks.send(()).unwrap_or_default())?;
    let (sender, receiver) = s9_oneshot::channel();
    let sending = thread::Builder::new().name("sender".into()).spawn(move || {
        // Until the main thread is about to sleep.
        let _ = has_parked.recv();
        sender.send(5)
    });
    let output = match stage {
        BlockOn => s2_block_on::block_on(Traced::new("reader", receiver)),
        RunQueue => {
            let executor = s3_run_queue::Executor::new();
            let (done, is_done) = s9_oneshot::channel();
            executor.spawn(without_a_handle::reader(receiver, done));
            executor.block_on(is_done).unwrap_or(Err(HungUp))
        }
        Fast => {
            let executor = s7_fast::Executor::new();
            let task = executor.spawn(with_a_handle::reader(receiver));
            executor.block_on(task).map_err(|why| why.to_string())?
        }
        _ => {
            let executor = s4_spawn::Executor::new();
            let task = executor.spawn(with_a_handle::reader(receiver));
            executor.block_on(task).map_err(|why| why.to_string())?
        }
    };
    let sent = sending.map_err(|why| why.to_string())?.join();
    record.show()?;
    say(format_args!("\nreader gave {output:?}, and to send gave {:?}.", sent.map_err(|_| "the sender panicked")?));
    Ok(())
}

mod without_a_handle {
    use super::*;

    /// Without a join handle, a task has to send its output.
    pub async fn reader(receiver: Receiver<u32>, done: Sender<Result<u32, HungUp>>) {
        done.send(receiver.await).unwrap_or_default();
    }
}

mod with_a_handle {
    use super::*;

    pub async fn reader(receiver: Receiver<u32>) -> Result<u32, HungUp> {
        receiver.await
    }
}

async fn fails() {
    yield_now().await;
    panic!("no such group");
}

async fn goes_on() -> u32 {
    for _ in 0..2 {
        yield_now().await;
    }
    5
}

fn play_panic() -> Result<(), String> {
    let record = Record::start()?;
    // The record tells of it.
    panic::set_hook(Box::new(|_| ()));
    let executor = s4_spawn::Executor::new();
    let (failing, going) = (executor.spawn(fails()), executor.spawn(goes_on()));
    let (failed, went) = executor.block_on(async { (failing.await, going.await) });
    let _ = panic::take_hook();
    record.show()?;
    let failed = failed.map_or_else(|why| why.to_string(), |()| "it did not fail".into());
    say(format_args!("\nfails: {failed}; goes_on: {went:?}."));
    Ok(())
}

/// Says when it is dropped.
struct Held(&'static str);

impl Drop for Held {
    fn drop(&mut self) {
        note(format_args!("{} lets go", self.0));
    }
}

async fn aborted(_: Rc<Cell<u32>>) {
    let _held = Held("aborted");
    poll_fn(|_| Poll::<()>::Pending).await
}

async fn detached(turns: Rc<Cell<u32>>) {
    let _held = Held("detached");
    yield_now().await;
    turns.set(turns.get() + 1);
}

async fn waits() {
    let _held = Held("waits");
    poll_fn(|_| Poll::<()>::Pending).await
}

fn play_cancel() -> Result<(), String> {
    let record = Record::start()?;
    let executor = s4_spawn::Executor::new();
    // What the tasks share is not Send: it need not be, since they stay on their thread.
    let turns = Rc::new(Cell::new(0));
    // ANCHOR: cancel
    let aborting = executor.spawn(aborted(Rc::clone(&turns)));
    drop(executor.spawn(detached(Rc::clone(&turns))));
    let waiting = executor.spawn(waits());
    executor.run_until_stalled();
    note("all have been polled, and detached is through");
    aborting.abort();
    let aborting = executor.block_on(aborting);
    note("the executor goes");
    drop(executor);
    let waiting = s2_block_on::block_on(waiting);
    // ANCHOR_END: cancel
    record.show()?;
    let why = |joined: Result<(), s4_spawn::JoinError>| joined.map_or_else(|why| why.to_string(), |()| "done".into());
    say(format_args!("\naborted: {}; detached: {} turn; waits: {}.", why(aborting), turns.get(), why(waiting)));
    Ok(())
}
