//! The scenes: short programs that run on the stages of this lesson and are recorded. The executors
//! here report everything themselves, also what happens to the wakers of their tasks.

use std::{sync::mpsc, thread};

use lesson_waker::s9_oneshot::{self, HungUp, Receiver};
use timeline::scenes::{
    Play::{Plain, Stages},
    Record, Scene, note, on_thread, say,
};

mod pools;
mod stages;

use stages::{
    OneThread,
    Stage::{self, NoAtomics, OneAllocation, Pool, Stealing},
};

pub const SCENES: [Scene<Stage>; 4] = [
    Scene {
        name: "queue",
        about: "an async fn is called, spawned, polled, woken and polled again",
        look: "The poll lends the task's waker to the future, which keeps a clone of it. The wake uses that clone up and puts the \
               task back into the queue.",
        play: Stages(&[NoAtomics, OneAllocation], play_queue),
    },
    Scene {
        name: "wake",
        about: "the queue is empty, the thread sleeps, and another thread wakes a task",
        look: "With one allocation, the thread that wakes puts the task into the queue and then ends the sleep. Without atomics, \
               it first puts the task into a list of its own; the executor's thread moves the task into the queue.",
        play: Stages(&[NoAtomics, OneAllocation], play_wake),
    },
    Scene {
        name: "pool",
        about: "two tasks are polled at the same moment, on two threads",
        look: "Each task blocks inside its poll until the other one is polled too. On one thread they would wait forever. The next \
               poll of a task may happen on the other thread.",
        play: Stages(&[Pool, Stealing], pools::play_pool),
    },
    Scene {
        name: "steal",
        about: "a task spawns three tasks, and blocks its worker until they have run",
        look: "The three are in the queue of the blocked worker. The other worker has nothing to do, looks into that queue and \
               steals half of the tasks; then it does so again.",
        play: Plain(pools::play_steal),
    },
];

/// Waits for a value.
async fn reader(receiver: Receiver<u32>) -> Result<u32, HungUp> {
    let value = receiver.await;
    note(format_args!("received {value:?}"));
    value
}

fn play_queue(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let executor = OneThread::of(stage);
    let count = |when: &str| note(format_args!("{when}: {} in the queue", executor.queue_len()));
    let (sender, receiver) = s9_oneshot::channel();
    // ANCHOR: queue
    let future = reader(receiver);
    count("called");
    executor.spawn(future);
    count("spawned");
    executor.run_until_stalled();
    count("after its first poll");
    executor.run_until_stalled();
    count("after another look into the queue");
    on_thread("sender", move || sender.send(5).unwrap_or_default())?;
    count("woken");
    executor.run_until_stalled();
    count("after its second poll");
    // ANCHOR_END: queue
    record.show().map(drop)
}

fn play_wake(stage: Stage) -> Result<(), String> {
    let (parks, has_parked) = mpsc::channel();
    let record = Record::start_and_at("park", move || parks.send(()).unwrap_or_default())?;
    let (sender, receiver) = s9_oneshot::channel();
    let sending = thread::Builder::new().name("sender".into()).spawn(move || {
        // Wait until the main thread is about to sleep.
        let _ = has_parked.recv();
        sender.send(5)
    });
    let output = OneThread::of(stage).join(reader(receiver))?;
    let sent = sending.map_err(|why| why.to_string())?.join();
    record.show()?;
    say(format_args!(
        "\nreader returned {output:?}, and send returned {:?}.",
        sent.map_err(|_| "the sender panicked")?
    ));
    Ok(())
}
