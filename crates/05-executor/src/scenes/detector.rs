//! A task that blocks inside its poll, and how to find it: in the record stands when each poll
//! began and when it ended.

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
/// Does inside its poll what takes long: it might as well compute, or read a file.
async fn greedy() {
    yield_now().await;
    note("greedy sleeps, and with it the thread");
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

// ANCHOR: detector
/// A poll should be over in microseconds.
const LIMIT: Duration = Duration::from_millis(10);

/// A poll that took long.
struct Blocked {
    name: String,
    /// Which poll of the task it was.
    n: u64,
    took: Duration,
    /// How many others were ready to be polled when it ended, and had waited.
    waited: usize,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Blocked { name, n, took, waited } = self;
        write!(
            f,
            "blocked: task {name}, poll {n}, held its thread for {} ms, and {waited} more had to wait",
            took.as_millis()
        )
    }
}

/// The polls that took longer than that.
fn blocked(timeline: &Timeline, limit: Duration) -> Vec<Blocked> {
    let mut found = Vec::new();
    // Who is being polled, since when; who was woken, or is new, and was not polled since; whose
    // wakers wake nobody any more.
    let (mut polled, mut ready, mut gone) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for record in timeline.records() {
        let Some(task) = record.task() else { continue };
        match record.event {
            Event::Spawn { .. } | Event::Wake { .. } if !gone.contains(&task) => {
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
                gone.insert(task);
            }
            _ => {}
        }
    }
    found
}
// ANCHOR_END: detector

fn name(timeline: &Timeline, task: &TaskId) -> String {
    let spawned = timeline.records().iter().find_map(|record| match &record.event {
        Event::Spawn { name, .. } if record.task().as_ref() == Some(task) => Some(name),
        _ => None,
    });
    format!("{} ({})", task.id, spawned.map_or("?", String::as_str))
}
