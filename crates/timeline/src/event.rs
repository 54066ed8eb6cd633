//! What can happen, as the README's table says it: the events of the schema, version 1, and who emits them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One event of the schema; the README says what each means.
///
/// A task is named by its number, which is unique for the target that emits the event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the table in the README says what each event and each field is")]
pub enum Event {
    Spawn {
        task: u64,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<u64>,
    },
    Poll {
        task: u64,
        n: u64,
        waker: u64,
    },
    Pending {
        task: u64,
        n: u64,
    },
    Ready {
        task: u64,
        n: u64,
    },
    Panic {
        task: u64,
        n: u64,
    },
    Drop {
        task: u64,
    },
    Clone {
        task: u64,
        waker: u64,
    },
    Wake {
        task: u64,
        waker: u64,
        by: By,
    },
    Release {
        task: u64,
        waker: u64,
    },
    Register {
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<u64>,
    },
    Fire {
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<u64>,
    },
    Note {
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<u64>,
    },
    Enqueue {
        task: u64,
    },
    Dequeue {
        task: u64,
    },
    Park,
    Unpark,
}

/// How a waker was used to wake.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// `Waker::wake`, which uses the clone up.
    Value,
    /// `Waker::wake_by_ref`, after which it is still there.
    Ref,
}

/// The targets of our events: this crate's own, which anybody may use, and the packages of the lessons.
pub const TARGETS: [&str; 8] = [TARGET, "threads", "async-chat", "future", "waker", "executor", "reactor", "costs"];

/// The target of what [`Traced`](crate::Traced) reports.
pub(crate) const TARGET: &str = "timeline";

impl Event {
    /// Reads an event from the fields of a `tracing` event.
    ///
    /// # Errors
    ///
    /// What the schema has against it: an unknown event, a field that is missing, unknown or of another type.
    pub(crate) fn from_fields(fields: Map<String, Value>) -> serde_json::Result<Event> {
        serde_json::from_value(Value::Object(fields))
    }

    /// The word for it in the schema.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Spawn { .. } => "spawn",
            Event::Poll { .. } => "poll",
            Event::Pending { .. } => "pending",
            Event::Ready { .. } => "ready",
            Event::Panic { .. } => "panic",
            Event::Drop { .. } => "drop",
            Event::Clone { .. } => "clone",
            Event::Wake { .. } => "wake",
            Event::Release { .. } => "release",
            Event::Register { .. } => "register",
            Event::Fire { .. } => "fire",
            Event::Note { .. } => "note",
            Event::Enqueue { .. } => "enqueue",
            Event::Dequeue { .. } => "dequeue",
            Event::Park => "park",
            Event::Unpark => "unpark",
        }
    }

    /// The number of the task that it is about, if it says so itself.
    pub fn task(&self) -> Option<u64> {
        match *self {
            Event::Spawn { task, .. }
            | Event::Poll { task, .. }
            | Event::Pending { task, .. }
            | Event::Ready { task, .. }
            | Event::Panic { task, .. }
            | Event::Drop { task }
            | Event::Clone { task, .. }
            | Event::Wake { task, .. }
            | Event::Release { task, .. }
            | Event::Enqueue { task }
            | Event::Dequeue { task } => Some(task),
            Event::Register { task, .. } | Event::Fire { task, .. } | Event::Note { task, .. } => task,
            Event::Park | Event::Unpark => None,
        }
    }
}
