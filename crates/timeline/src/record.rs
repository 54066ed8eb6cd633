//! One event of the record, with what follows from the others: which task it is about, and which
//! part a poll or a wake played.

use serde::{Deserialize, Serialize};

use crate::event::Event;

/// One event, where and when it happened, and what follows for it from the others.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    /// Its place in the one order of all events, from 1 on.
    pub seq: u64,
    /// Nanoseconds since the recording started.
    pub nanos: u64,
    /// The thread on which it happened, as an index into
    /// [`Timeline::threads`](crate::Timeline::threads).
    pub thread: usize,
    /// Who emitted it: `timeline`, or a lesson's package.
    pub target: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The task that was polled on that thread meanwhile, the innermost one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub during: Option<TaskId>,
    /// For an `enqueue` or a `dequeue` of an executor that numbers its tasks itself: the traced
    /// task that it polled for this entry of its queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traced: Option<TaskId>,
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
    /// The thread, as an index into [`Timeline::threads`](crate::Timeline::threads).
    pub thread: usize,
    /// Who emitted it.
    pub target: String,
    /// What is wrong with it.
    pub text: String,
}

impl Record {
    /// The task that the event is about: the traced task, else the task that the event names, else
    /// the task that was polled meanwhile.
    pub fn task(&self) -> Option<TaskId> {
        self.traced.clone().or_else(|| self.named()).or_else(|| self.during.clone())
    }

    /// The task that the event names.
    pub(crate) fn named(&self) -> Option<TaskId> {
        self.event.task().map(|id| TaskId { target: self.target.clone(), id })
    }
}
