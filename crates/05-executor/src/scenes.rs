//! The scenes: short programs that run on the stages of this lesson and are recorded.

use std::{
    future::poll_fn,
    panic,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
        mpsc,
    },
    task::Poll,
    thread,
};

use lesson_executor::{parts::join::JoinError, s2_block_on, s3_queue, s4_join};
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
mod pool;
mod stages;

use stages::{
    Executor,
    Stage::{self, BlockOn, Join, Queue, Spin},
};

pub const SCENES: [Scene<Stage>; 11] = [
    Scene {
        name: "loop",
        about: "one task waits for a value, another one sends it",
        look: "How often is the reader polled, and why? Stage 1 polls it in every round. With a queue it is polled twice: once \
               because it is new, and once because it was woken.",
        play: Stages(&[Spin, Queue, Join], play_loop),
    },
    Scene {
        name: "queue",
        about: "an async fn is called, spawned, polled, woken and polled again",
        look: "The call makes a future, and nothing else happens. The spawn puts it into the queue. After Pending the task is in \
               no queue, and the executor does not poll it, however often it looks. The wake puts it back.",
        play: Stages(&[Queue, Join], play_queue),
    },
    Scene {
        name: "interleaved",
        about: "three tasks take turns on one thread",
        look: "Everything happens on the thread main. At each await that is Pending, the next task in the queue goes on.",
        play: Stages(&[Spin, Queue, Join], play_interleaved),
    },
    Scene {
        name: "layer",
        about: "who decides which task goes on: the kernel, or this program",
        look: "One task yields to another ten thousand times. The kernel has no part in it: it sees one thread.",
        play: Stages(&[Spin, Queue, Join], kernel::play_layer),
    },
    Scene {
        name: "idle",
        about: "a future waits a tenth of a second for another thread",
        look: "How often is it polled meanwhile, and how much CPU time does that take?",
        play: Stages(&[Spin, BlockOn, Queue, Join], kernel::play_idle),
    },
    Scene {
        name: "wake",
        about: "the queue is empty, the thread sleeps, and another thread wakes a task",
        look: "The executor passes the waker with the poll, and the future leaves a clone of it where the value will arrive. The \
               wake puts the task into the queue first, and ends the sleep of the thread second.",
        play: Stages(&[BlockOn, Queue, Join], play_wake),
    },
    Scene {
        name: "blocks",
        about: "a task blocks inside its poll",
        look: "Nothing prevents it. The task keeps the thread, and all other tasks in the queue wait. A detector finds it in the \
               record.",
        play: Stages(&[Spin, Queue, Join], detector::play_blocks),
    },
    Scene {
        name: "panic",
        about: "a task panics",
        look: "The task ends with that poll. Its join handle reports the panic. The other task and the executor go on.",
        play: Plain(play_panic),
    },
    Scene {
        name: "cancel",
        about: "one task is aborted, one is detached, and one still waits when the executor is dropped",
        look: "The abort puts the task into the queue once more. There its future is dropped instead of polled. The detached task \
               runs on. The end of the executor drops the task that waits.",
        play: Plain(play_cancel),
    },
    Scene {
        name: "turn",
        about: "one task keeps the executor busy, another one waits for the driver",
        look: "The thread never sleeps. So the executor gives the driver a turn every 64 polls.",
        play: Stages(&[Queue, Join], kernel::play_turn),
    },
    Scene {
        name: "pool",
        about: "two tasks are polled at the same moment, on two threads",
        look: "Each task blocks inside its poll until the other one is polled too. On one thread they would wait forever. The next \
               poll of a task may happen on the other thread.",
        play: Plain(pool::play_pool),
    },
];

// ANCHOR: reader
/// Waits for a value.
async fn reader(receiver: Receiver<u32>) {
    note(format_args!("received {:?}", receiver.await));
}

/// Yields three times, then sends a value.
async fn writer(sender: Sender<u32>) {
    for _ in 0..3 {
        yield_now().await;
    }
    sender.send(5).unwrap_or_default();
}
// ANCHOR_END: reader

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

/// The number of polls of the task with this name.
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
// ANCHOR_END: interleaved

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

fn play_wake(stage: Stage) -> Result<(), String> {
    let (parks, has_parked) = mpsc::channel();
    let record = Record::start_and_at("park", move || parks.send(()).unwrap_or_default())?;
    let (sender, receiver) = s9_oneshot::channel();
    let sending = thread::Builder::new().name("sender".into()).spawn(move || {
        // Waits until the main thread is about to sleep.
        let _ = has_parked.recv();
        sender.send(5)
    });
    let output = match stage {
        BlockOn => s2_block_on::block_on(Traced::new("reader", receiver)),
        Queue => {
            // A task of this stage has no handle, so the task sends its output itself.
            let executor = s3_queue::Executor::new();
            let (done, is_done) = s9_oneshot::channel();
            let reader = async move { done.send(receiver.await).unwrap_or_default() };
            executor.spawn(Traced::new("reader", reader));
            executor.block_on(is_done).unwrap_or(Err(HungUp))
        }
        _ => {
            let executor = s4_join::Executor::new();
            let reader = executor.spawn(Traced::new("reader", receiver));
            executor.block_on(reader).map_err(|why| why.to_string())?
        }
    };
    let sent = sending.map_err(|why| why.to_string())?.join();
    record.show()?;
    say(format_args!(
        "\nreader received {output:?}; the send returned {:?}.",
        sent.map_err(|_| "the sender panicked")?
    ));
    Ok(())
}

// ANCHOR: tasks
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
// ANCHOR_END: tasks

fn play_panic() -> Result<(), String> {
    let record = Record::start()?;
    // The record shows the panic, so std's message is switched off.
    panic::set_hook(Box::new(|_| ()));
    let executor = s4_join::Executor::new();
    // ANCHOR: panic
    let failing = executor.spawn(Traced::new("fails", fails()));
    let going = executor.spawn(Traced::new("goes_on", goes_on()));
    let (failed, went) = executor.block_on(async { (failing.await, going.await) });
    // ANCHOR_END: panic
    let _ = panic::take_hook();
    record.show()?;
    let failed = failed.map_or_else(|why| why.to_string(), |()| "it did not fail".into());
    say(format_args!("\nfails: {failed}; goes_on: {went:?}."));
    Ok(())
}

/// Notes when it is dropped.
struct Held(&'static str);

impl Drop for Held {
    fn drop(&mut self) {
        note(format_args!("{} drops what it holds", self.0));
    }
}

async fn aborted() {
    let _held = Held("aborted");
    poll_fn(|_| Poll::<()>::Pending).await
}

async fn detached(turns: Arc<AtomicU32>) {
    let _held = Held("detached");
    yield_now().await;
    turns.fetch_add(1, Relaxed);
}

async fn waits() {
    let _held = Held("waits");
    poll_fn(|_| Poll::<()>::Pending).await
}

fn play_cancel() -> Result<(), String> {
    let record = Record::start()?;
    let executor = s4_join::Executor::new();
    let turns = Arc::new(AtomicU32::new(0));
    // ANCHOR: cancel
    let aborting = executor.spawn(Traced::new("aborted", aborted()));
    drop(executor.spawn(Traced::new("detached", detached(Arc::clone(&turns)))));
    let waiting = executor.spawn(Traced::new("waits", waits()));
    executor.run_until_stalled();
    note("all tasks were polled, and detached has ended");
    aborting.abort();
    let aborting = executor.block_on(aborting);
    note("the executor is dropped");
    drop(executor);
    let waiting = s2_block_on::block_on(waiting);
    // ANCHOR_END: cancel
    record.show()?;
    let why = |joined: Result<(), JoinError>| joined.map_or_else(|why| why.to_string(), |()| "done".into());
    let turns = turns.load(Relaxed);
    say(format_args!("\naborted: {}; detached: {turns} turn; waits: {}.", why(aborting), why(waiting)));
    Ok(())
}
