//! The record: what happened, in one order, with what follows from it; and its JSON.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{
    event::Event,
    lines::Lines,
    record::{Problem, Record},
    replay::{Replay, Waiting, name_queue_entries},
};

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

    /// The tasks that wait at the end of the record, and for each whether a clone of its waker is
    /// alive, and if none, where the last was dropped. A task that was woken and not yet polled is
    /// not among them.
    pub fn stuck(&self) -> Vec<Waiting> {
        let mut replay = Replay::default();
        self.records().iter().for_each(|record| _ = replay.step(record));
        replay.waiting(self.threads())
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
                    let mut record =
                        Record { seq, nanos: line.nanos, thread, target, event, during, traced: None, role: None };
                    record.role = replay.step(&record);
                    records.push(record);
                }
                Err(error) => problems.push(Problem { seq, thread, target, text: error.to_string() }),
            }
        }
        name_queue_entries(&mut records);
        Timeline { version: VERSION, threads: names(lines.threads), records, problems }
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
