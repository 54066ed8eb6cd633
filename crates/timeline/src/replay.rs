//! What follows from the order of the events: which task is polled on a thread, what caused a poll,
//! who can still be woken and who waits for ever.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use crate::{
    event::{By, Event, TARGET},
    record::{Record, Role, TaskId},
};

/// A task that waits: its last poll gave `Pending`, and nobody has woken it since that poll began.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// The task.
    pub task: TaskId,
    /// Its name, if its `spawn` is in the record.
    pub name: Option<String>,
    /// The event since which it waits: its last `pending`.
    pub since: u64,
    /// The number of the waker that its last poll was given.
    pub waker: u64,
    /// How many clones of that waker there are. If none, nobody can wake the task.
    pub alive: u64,
    /// How many clones of wakers of its earlier polls there are, from which nothing can be
    /// expected.
    pub outdated: u64,
    /// Where the last clone of its waker went, if there was one.
    pub gone: Option<Gone>,
}

/// Where a clone of a waker went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gone {
    /// The event.
    pub seq: u64,
    /// What it was: a `release`, or a `wake` by value.
    pub event: &'static str,
    /// The name of the thread.
    pub thread: String,
}

impl Waiting {
    /// Whether there is a clone of the waker that somebody could wake it by. (That somebody will is
    /// not known.)
    pub fn can_be_woken(&self) -> bool {
        self.alive > 0
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiting { waker, alive, outdated, .. } = self;
        write!(f, "{} waits", label(&self.task, self.name.as_deref()))?;
        if *alive > 0 {
            return write!(f, ": {} of waker {waker} can wake it", clones(*alive));
        }
        f.write_str(" and nobody can wake it: ")?;
        match &self.gone {
            None => write!(f, "its waker {waker} was never cloned")?,
            Some(Gone { seq, event, thread }) => {
                write!(f, "the last clone of its waker {waker} went at {seq}, {event} on {thread}")?;
            }
        }
        if *outdated > 0 { write!(f, " (of outdated wakers: {})", clones(*outdated)) } else { Ok(()) }
    }
}

/// Finds the traced task behind each entry of an executor's run queue.
///
/// An executor that only reports its queue numbers its tasks itself, and `Traced` numbers them
/// again. If a `dequeue` is followed by a poll of a traced task, with no other `dequeue` on that
/// thread in between, the two numbers mean one task.
pub(crate) fn name_queue_entries(records: &mut [Record]) {
    let (mut taken, mut traced) = (HashMap::new(), HashMap::new());
    for record in &*records {
        let Some(task) = record.named() else { continue };
        match record.event {
            Event::Dequeue { .. } => _ = taken.insert(record.thread, task),
            Event::Poll { .. } if record.target == TARGET => {
                taken.remove(&record.thread).map(|entry| traced.entry(entry).or_insert(task));
            }
            Event::Poll { .. } => _ = taken.remove(&record.thread),
            _ => {}
        }
    }
    for record in records {
        if matches!(record.event, Event::Enqueue { .. } | Event::Dequeue { .. }) {
            record.traced = record.named().and_then(|entry| traced.get(&entry).cloned());
        }
    }
}

/// The state of every task and thread after a part of the record.
#[derive(Default)]
pub(crate) struct Replay {
    tasks: BTreeMap<TaskId, State>,
    /// The tasks that are polled on each thread, the innermost last.
    polled: HashMap<usize, Vec<TaskId>>,
}

#[derive(Default)]
struct State {
    name: Option<String>,
    stage: Stage,
    /// The spawn, until the first poll; then the first wake, since the last poll began, through its
    /// waker.
    cause: Option<u64>,
    /// The first wake since then through the waker of an earlier poll.
    outdated: Option<u64>,
    /// The number of the last poll's waker.
    waker: u64,
    clones: BTreeMap<u64, Clones>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Stage {
    /// Nothing is known of it: its first event was before the recording.
    #[default]
    Unknown,
    Spawned,
    Polled,
    Pending(u64),
    /// Ready, panicked or dropped.
    Over,
}

#[derive(Default)]
struct Clones {
    alive: u64,
    /// The last that went: event, its name, thread.
    gone: Option<(u64, &'static str, usize)>,
}

impl Replay {
    /// The tasks that wait now.
    pub fn waiting(self, threads: &[String]) -> Vec<Waiting> {
        self.tasks.into_iter().filter_map(|(task, state)| state.waiting(task, threads)).collect()
    }

    /// Goes on by one event, and says what follows for it.
    pub fn step(&mut self, record: &Record) -> Option<Role> {
        let task = record.named();
        if let (Some(task), Event::Poll { .. }) = (&task, &record.event) {
            self.polled.entry(record.thread).or_default().push(task.clone());
        }
        if let Event::Pending { .. } | Event::Ready { .. } | Event::Panic { .. } = record.event {
            self.polled.entry(record.thread).or_default().pop();
        }
        self.tasks.entry(task?).or_default().step(record)
    }

    /// The innermost task that is polled on a thread.
    pub fn during(&self, thread: usize) -> Option<&TaskId> {
        self.polled.get(&thread)?.last()
    }

    /// How many polls a thread is in.
    pub fn depth(&self, thread: usize) -> usize {
        self.polled.get(&thread).map_or(0, Vec::len)
    }

    /// How many clones of a waker there are.
    pub fn alive(&self, task: &TaskId, waker: u64) -> u64 {
        let clones = self.tasks.get(task).and_then(|state| state.clones.get(&waker));
        clones.map_or(0, |clones| clones.alive)
    }

    /// A task for a reader: `task 3 (delay)`.
    pub fn label(&self, task: &TaskId) -> String {
        label(task, self.tasks.get(task).and_then(|state| state.name.as_deref()))
    }
}

impl State {
    fn step(&mut self, record: &Record) -> Option<Role> {
        match &record.event {
            Event::Spawn { name, .. } => {
                (self.name, self.stage, self.cause) = (Some(name.clone()), Stage::Spawned, Some(record.seq));
            }
            &Event::Poll { waker, .. } => {
                let known = self.stage != Stage::Unknown;
                (self.stage, self.waker) = (Stage::Polled, waker);
                // Nothing can be expected from an outdated waker, but it may do something all the
                // same.
                let (cause, outdated) = (self.cause.take(), self.outdated.take());
                return cause.or(outdated).map(Role::Cause).or(known.then_some(Role::Spurious));
            }
            Event::Pending { .. } => self.stage = Stage::Pending(record.seq),
            Event::Ready { .. } | Event::Panic { .. } | Event::Drop { .. } => self.stage = Stage::Over,
            Event::Clone { waker, .. } => self.clones.entry(*waker).or_default().alive += 1,
            Event::Release { waker, .. } => self.gone(*waker, record),
            Event::Wake { waker, by, .. } => {
                if *by == By::Value {
                    self.gone(*waker, record);
                }
                return Some(self.wake(*waker, record.seq));
            }
            _ => {}
        }
        None
    }

    fn wake(&mut self, waker: u64, seq: u64) -> Role {
        match (self.stage, self.cause) {
            (Stage::Over, _) => Role::Late,
            (Stage::Polled | Stage::Pending(_), _) if waker != self.waker => {
                self.outdated.get_or_insert(seq);
                Role::Outdated
            }
            (_, Some(first)) => Role::Coalesced(first),
            (_, None) => {
                self.cause = Some(seq);
                Role::Effective
            }
        }
    }

    fn gone(&mut self, waker: u64, record: &Record) {
        let clones = self.clones.entry(waker).or_default();
        // A clone from before the recording was not counted.
        clones.alive = clones.alive.saturating_sub(1);
        clones.gone = Some((record.seq, record.event.name(), record.thread));
    }

    fn waiting(mut self, task: TaskId, threads: &[String]) -> Option<Waiting> {
        let Stage::Pending(since) = self.stage else { return None };
        if self.cause.is_some() {
            return None;
        }
        let Clones { alive, gone } = self.clones.remove(&self.waker).unwrap_or_default();
        let outdated = self.clones.values().map(|clones| clones.alive).sum();
        let gone = gone.map(|(seq, event, thread)| Gone { seq, event, thread: threads[thread].clone() });
        Some(Waiting { task, name: self.name, since, waker: self.waker, alive, outdated, gone })
    }
}

fn label(task: &TaskId, name: Option<&str>) -> String {
    let target = if task.target == TARGET { String::new() } else { format!("{} ", task.target) };
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{target}task {}{name}", task.id)
}

fn clones(number: u64) -> String {
    if number == 1 { "1 clone".into() } else { format!("{number} clones") }
}
