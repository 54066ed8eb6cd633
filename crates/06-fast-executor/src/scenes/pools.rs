//! Scenes with several threads: tasks that are polled at the same moment, and tasks that one worker
//! steals from another.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{
        Arc, Barrier,
        mpsc::{self, Sender},
    },
    time::Duration,
};

use futures::future::join_all;
use lesson_fast_executor::{parts::task::JoinHandle, s2_pool, s3_stealing};
use lesson_future::s4_yield_now::yield_now;
use timeline::{
    Event, Timeline,
    scenes::{Record, note, say},
};

use super::stages::Stage;

/// A pool with two workers.
enum TwoWorkers {
    Pool(s2_pool::Executor),
    Stealing(s3_stealing::Executor),
}

impl TwoWorkers {
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Pool => TwoWorkers::Pool(s2_pool::Executor::new(2)),
            _ => TwoWorkers::Stealing(s3_stealing::Executor::new(2)),
        }
    }

    fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        match self {
            TwoWorkers::Pool(executor) => executor.spawn(future),
            TwoWorkers::Stealing(executor) => executor.spawn(future),
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            TwoWorkers::Pool(executor) => executor.block_on(future),
            TwoWorkers::Stealing(executor) => executor.block_on(future),
        }
    }
}

// ANCHOR: pool
/// Blocks its thread inside a poll until another poll does the same.
async fn meets(other: Arc<Barrier>) {
    other.wait();
    note("both tasks are in a poll");
    yield_now().await;
}

pub fn play_pool(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let executor = TwoWorkers::of(stage);
    let barrier = Arc::new(Barrier::new(2));
    let tasks = [0, 1].map(|_| executor.spawn(meets(Arc::clone(&barrier))));
    executor.block_on(join_all(tasks));
    // ANCHOR_END: pool
    drop(executor);
    let timeline = record.show()?;
    let polled = timeline.records().iter().filter(|record| matches!(record.event, Event::Poll { .. }));
    let threads: BTreeSet<&str> = polled.map(|record| timeline.threads()[record.thread].as_str()).collect();
    say(format_args!("\nThe tasks were polled on {}.", threads.into_iter().collect::<Vec<_>>().join(" and ")));
    Ok(())
}

// ANCHOR: steal
async fn runs(done: Sender<()>) {
    done.send(()).unwrap_or_default();
}

/// Spawns three tasks, which enter the queue of this worker, and blocks the worker until they have
/// run.
async fn hoards() -> Result<(), String> {
    let (done, are_done) = mpsc::channel();
    (0..3).for_each(|_| drop(s3_stealing::spawn(runs(done.clone()))));
    note("hoards blocks its worker");
    for _ in 0..3 {
        are_done.recv_timeout(A_LONG_WHILE).map_err(|_| "no worker has run the tasks that hoards has spawned")?;
    }
    Ok(())
}
// ANCHOR_END: steal

/// After this time the scene has failed.
const A_LONG_WHILE: Duration = Duration::from_secs(5);

pub fn play_steal() -> Result<(), String> {
    let record = Record::start()?;
    let executor = s3_stealing::Executor::new(2);
    let hoards = executor.spawn(hoards());
    executor.block_on(hoards).map_err(|why| why.to_string())??;
    drop(executor);
    let timeline = record.show()?;
    let stolen = stolen(&timeline);
    say(format_args!("\n{stolen} tasks were stolen."));
    if stolen > 0 { Ok(()) } else { Err("no task was stolen".into()) }
}

fn stolen(timeline: &Timeline) -> u64 {
    let stolen = timeline.records().iter().map(|record| match record.event {
        Event::Steal { count, .. } => count,
        _ => 0,
    });
    stolen.sum()
}
