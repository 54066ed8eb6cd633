//! A scene with several threads: two tasks that are polled at the same moment.

use std::{
    collections::BTreeSet,
    sync::{Arc, Barrier},
};

use futures::future::join_all;
use lesson_executor::{s2_block_on, s5_pool::Pool};
use lesson_future::s4_yield_now::yield_now;
use timeline::{
    Event, Traced,
    scenes::{Record, note, say},
};

// ANCHOR: pool
/// Blocks its thread inside a poll until another poll does the same.
async fn meets(other: Arc<Barrier>) {
    other.wait();
    note("both tasks are in a poll");
    yield_now().await;
}

pub fn play_pool() -> Result<(), String> {
    let record = Record::start()?;
    let pool = Pool::new(2);
    let barrier = Arc::new(Barrier::new(2));
    let tasks = [0, 1].map(|_| pool.spawn(Traced::new("meets", meets(Arc::clone(&barrier)))));
    s2_block_on::block_on(join_all(tasks));
    // ANCHOR_END: pool
    drop(pool);
    let timeline = record.show()?;
    let polled = timeline.records().iter().filter(|record| matches!(record.event, Event::Poll { .. }));
    let threads: BTreeSet<&str> = polled.map(|record| timeline.threads()[record.thread].as_str()).collect();
    say(format_args!("\nThe tasks were polled on {}.", threads.into_iter().collect::<Vec<_>>().join(" and ")));
    Ok(())
}
