//! The record: what happened, in one order, with what follows from it; and its JSON.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{Event, recording::Lines, replay::Replay};

/// The version of the schema: of the events and of the JSON.
pub const VERSION: u32 = 1;

/// Everything that was recorded, in the order in which it happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Read")]
pub struct Timeline {
    version: u32,
    threads: Vec<String>,
    records: Vec<Record>,
    problems: Vec<Problem>,
}

/// One event, where and when it happened, and what follows for it from the others.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    /// Its place in the one order of all events, from 1 on.
    pub seq: u64,
    /// Nanoseconds since the recording started.
    pub nanos: u64,
    /// The thread on which it happened, as an index into [`Timeline::threads`].
    pub thread: usize,
    /// Who emitted it: `timeline`, or a lesson's package.
    pub target: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The task that was polled on that thread meanwhile, the innermost one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during: Option<TaskId>,
    /// For polls and wakes: their part in what happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// A task: its number is unique among those of its target.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct TaskId {
    /// Who numbers it.
    pub target: String,
    /// Its number.
    pub id: u64,
}

/// The part that a poll or a wake played.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The poll was caused by this event: for a first poll the spawn, else the first wake since the
    /// previous poll began.
    Cause(u64),
    /// The poll came without a wake.
    Spurious,
    /// The wake is the first since the last poll began.
    Effective,
    /// The wake found the task woken already, by this event.
    Coalesced(u64),
    /// The wake went through the waker of an earlier poll, from which nothing can be expected.
    Outdated,
    /// The wake came when the task was ready, panicked or dropped.
    Late,
}

/// An event of ours that is not as the schema says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Problem {
    /// Its place in the order of all events, where no record stands.
    pub seq: u64,
    /// The thread, as an index into [`Timeline::threads`].
    pub thread: usize,
    /// Who emitted it.
    pub target: String,
    /// What is wrong with it.
    pub text: String,
}

impl Timeline {
    /// The events, in their order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The names of the threads, in the order in which they appeared; each is there once.
    pub fn threads(&self) -> &[String] {
        &self.threads
    }

    /// The events of ours that are not as the schema says. A test holds that there are none.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The record as JSON, in one line; [`Timeline::from_json`] reads it back without loss.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a record has only text keys and no writer that fails")
    }

    /// Reads a record.
    ///
    /// # Errors
    ///
    /// The text is no JSON, no record, or a record of another version.
    pub fn from_json(text: &str) -> serde_json::Result<Timeline> {
        serde_json::from_str(text)
    }

    /// Makes the record of what was written down.
    pub(crate) fn of(lines: Lines) -> Timeline {
        let mut replay = Replay::default();
        let (mut records, mut problems) = (Vec::with_capacity(lines.lines.len()), Vec::new());
        for (seq, line) in (1..).zip(lines.lines) {
            let (thread, target) = (line.thread, line.target.to_owned());
            let fields = line.fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            match Event::from_fields(fields) {
                Ok(event) => {
                    let during = replay.during(thread).cloned();
                    let mut record = Record { seq, nanos: line.nanos, thread, target, event, during, role: None };
                    record.role = replay.step(&record);
                    records.push(record);
                }
                Err(error) => problems.push(Problem { seq, thread, target, text: error.to_string() }),
            }
        }
        Timeline { version: VERSION, threads: names(lines.threads), records, problems }
    }
}

impl Record {
    /// The task that it is about: the one it names, or else the one that was polled meanwhile.
    pub fn task(&self) -> Option<TaskId> {
        let named = self.event.task().map(|id| TaskId { target: self.target.clone(), id });
        named.or_else(|| self.during.clone())
    }
}

/// A name for each thread that no other has.
fn names(threads: Vec<Option<String>>) -> Vec<String> {
    let mut names = Vec::<String>::with_capacity(threads.len());
    for name in threads {
        let name = name.unwrap_or_else(|| "thread".into());
        let numbered = (2..).map(|number| format!("{name} {number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}

/// A record as it is read.
#[derive(Deserialize)]
struct Read {
    #[serde(deserialize_with = "known_version")]
    version: u32,
    threads: Vec<String>,
    records: Vec<Record>,
    problems: Vec<Problem>,
}

impl TryFrom<Read> for Timeline {
    type Error = &'static str;

    fn try_from(Read { version, threads, records, problems }: Read) -> Result<Self, Self::Error> {
        if !records.is_sorted_by(|one, next| one.seq < next.seq) {
            return Err("the records are not in the order of their numbers");
        }
        let mut used = records.iter().map(|record| record.thread).chain(problems.iter().map(|problem| problem.thread));
        if used.any(|thread| thread >= threads.len()) {
            return Err("an event is of a thread that is not listed");
        }
        Ok(Timeline { version, threads, records, problems })
    }
}

fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        other => Err(Error::custom(format!("the record has version {other}, and this reads version {VERSION}"))),
    }
}
