//! What the tasks tell whoever records them. Unheard, an event costs a comparison, and a task keeps
//! nothing for it: its number and how often it was polled stand beside, by its address, and only
//! while somebody listens. In a model of loom's there are none.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing::{Level, level_filters::LevelFilter, trace};

/// What the record calls a task.
#[derive(Clone, Copy)]
struct Name {
    number: u64,
    polls: u64,
}

struct Names {
    last: u64,
    of: BTreeMap<usize, Name>,
}

static NAMES: Mutex<Names> = Mutex::new(Names { last: 0, of: BTreeMap::new() });

/// A task is made, for a future of this type.
#[inline]
pub(crate) fn spawn(task: usize, future: &'static str) {
    if is_heard() {
        emit_spawn(task, future);
    }
}

/// It goes into the queue (`enqueue`) or leaves it (`dequeue`), or its future goes (`drop`).
#[inline]
pub(crate) fn task(event: &'static str, task: usize) {
    if is_heard() {
        emit_task(event, task);
    }
}

/// A poll begins.
#[inline]
pub(crate) fn poll(task: usize) {
    if is_heard() {
        emit_poll(task);
    }
}

/// A poll has ended: `pending`, `ready` or `panic`.
#[inline]
pub(crate) fn polled(event: &'static str, task: usize) {
    if is_heard() {
        emit_polled(event, task);
    }
}

/// Its waker is about to be cloned (`clone`), or dropped (`release`).
#[inline]
pub(crate) fn waker(event: &'static str, task: usize) {
    if is_heard() {
        emit_waker(event, task);
    }
}

/// It is about to be woken, by `value` or by `ref`.
#[inline]
pub(crate) fn wake(by: &'static str, task: usize) {
    if is_heard() {
        emit_wake(by, task);
    }
}

/// A worker has taken so many tasks from another one's queue.
#[inline]
pub(crate) fn steal(from: usize, to: usize, count: usize) {
    if is_heard() {
        emit_steal(from, to, count);
    }
}

/// The driver that workers share has its turn.
#[inline]
pub(crate) fn turn() {
    if is_heard() {
        emit_turn();
    }
}

/// The task is freed, and its address may be that of another one.
#[inline]
pub(crate) fn gone(task: usize) {
    if is_heard() {
        names().of.remove(&task);
    }
}

#[inline]
fn is_heard() -> bool {
    !cfg!(any(loom_model, shuttle_model))
        && Level::TRACE <= tracing::level_filters::STATIC_MAX_LEVEL
        && LevelFilter::current() == LevelFilter::TRACE
}

#[cold]
#[inline(never)]
fn emit_spawn(task: usize, future: &'static str) {
    trace!(target: "executor", event = "spawn", task = name(task, 0).number, name = word(future));
}

#[cold]
#[inline(never)]
fn emit_task(event: &'static str, task: usize) {
    trace!(target: "executor", event, task = name(task, 0).number);
}

#[cold]
#[inline(never)]
fn emit_poll(task: usize) {
    let Name { number, polls } = name(task, 1);
    trace!(target: "executor", event = "poll", task = number, n = polls, waker = 1);
}

#[cold]
#[inline(never)]
fn emit_polled(event: &'static str, task: usize) {
    let Name { number, polls } = name(task, 0);
    trace!(target: "executor", event, task = number, n = polls);
}

#[cold]
#[inline(never)]
fn emit_waker(event: &'static str, task: usize) {
    trace!(target: "executor", event, task = name(task, 0).number, waker = 1);
}

#[cold]
#[inline(never)]
fn emit_wake(by: &'static str, task: usize) {
    trace!(target: "executor", event = "wake", task = name(task, 0).number, waker = 1, by);
}

#[cold]
#[inline(never)]
fn emit_steal(from: usize, to: usize, count: usize) {
    trace!(target: "executor", event = "steal", from, to, count);
}

#[cold]
#[inline(never)]
fn emit_turn() {
    trace!(target: "executor", event = "turn");
}

/// What to call the task, which is polled so many times more. The lock is gone when whoever listens
/// is told.
fn name(task: usize, polls: u64) -> Name {
    let mut names = names();
    let Names { last, of } = &mut *names;
    let name = of.entry(task).or_insert_with(|| {
        *last += 1;
        Name { number: *last, polls: 0 }
    });
    name.polls += polls;
    *name
}

fn names() -> MutexGuard<'static, Names> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the `async fn` or the type in the name of a type: `ping` of
/// `scenes::ping::{{closure}}`.
fn word(future: &'static str) -> &'static str {
    let path = future.split_once('<').map_or(future, |(path, _)| path);
    let mut words = path.rsplit("::");
    words.find(|word| !word.starts_with('{') && !word.is_empty()).unwrap_or(future)
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_task_is_called_by_what_made_its_future() {
        for (future, expected) in [
            ("executor::scenes::ping::{{closure}}", "ping"),
            ("executor::scenes::play::{{closure}}::{{closure}}", "play"),
            ("executor::scenes::play<u32>::{{closure}}", "play"),
            ("core::future::poll_fn::PollFn<executor::main::{{closure}}>", "PollFn"),
            ("<T as Trait>::run", "<T as Trait>::run"),
        ] {
            assert_eq!(word(future), expected);
        }
    }
}
