//! A task that blocks inside its poll, and a detector that finds it: the record holds the time at
//! which each poll began and ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, thread,
    time::Duration,
};

use lesson_future::s4_yield_now::yield_now;
use timeline::{
    Event, TaskId, Timeline,
    scenes::{Record, note, say},
};

use super::stages::{A_WHILE, Executor, Stage};

async fn polite() {
    yield_now().await;
}

// ANCHOR: greedy
/// Sleeps inside its poll. A long computation, or reading a file, would do the same.
async fn greedy() {
    yield_now().await;
    note("greedy sleeps, and so does the whole thread");
    thread::sleep(A_WHILE);
}
// ANCHOR_END: greedy

pub fn play_blocks(stage: Stage) -> Result<(), String> {
    let record = Record::start()?;
    let executor = Executor::of(stage);
    executor.spawn("polite", polite());
    executor.spawn("greedy", greedy());
    executor.spawn("polite", polite());
    executor.run();
    let timeline = record.show()?;
    say("");
    let found = blocked(&timeline, LIMIT);
    found.iter().for_each(say);
    if found.is_empty() { Err("no poll took long".into()) } else { Ok(()) }
}

/// A poll should be over in microseconds.
const LIMIT: Duration = Duration::from_millis(10);

/// A poll that took too long.
struct Blocked {
    name: String,
    /// The number of the poll, among those of its task.
    n: u64,
    took: Duration,
    /// The number of other tasks that were woken and had to wait.
    waited: usize,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Blocked { name, n, took, waited } = self;
        write!(
            f,
            "blocked: task {name}, poll {n}, kept its thread for {} ms, and {waited} more in the queue had to wait",
            took.as_millis()
        )
    }
}

/// Finds the polls that took longer than the limit.
fn blocked(timeline: &Timeline, limit: Duration) -> Vec<Blocked> {
    let mut found = Vec::new();
    // Polled: the tasks in a poll, with its number and begin. Ready: the tasks that are new or were
    // woken, and were not polled since. Ended: the tasks whose future was dropped.
    let (mut polled, mut ready, mut ended) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for record in timeline.records() {
        let Some(task) = record.task() else { continue };
        match record.event {
            Event::Spawn { .. } | Event::Wake { .. } if !ended.contains(&task) => {
                ready.insert(task);
            }
            Event::Poll { n, .. } => {
                ready.remove(&task);
                polled.insert(task, (n, record.nanos));
            }
            Event::Pending { .. } | Event::Ready { .. } | Event::Panic { .. } => {
                let Some((n, began)) = polled.remove(&task) else { continue };
                let took = Duration::from_nanos(record.nanos - began);
                if took > limit {
                    let waited = ready.iter().filter(|other| **other != task).count();
                    found.push(Blocked { name: name(timeline, &task), n, took, waited });
                }
            }
            Event::Drop { .. } => {
                ready.remove(&task);
                ended.insert(task);
            }
            _ => {}
        }
    }
    found
}

fn name(timeline: &Timeline, task: &TaskId) -> String {
    let spawned = timeline.records().iter().find_map(|record| match &record.event {
        Event::Spawn { name, .. } if record.task().as_ref() == Some(task) => Some(name),
        _ => None,
    });
    format!("{} ({})", task.id, spawned.map_or("?", String::as_str))
}
