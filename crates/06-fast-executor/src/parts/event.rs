//! What the tasks tell a recording. While nobody listens, an event costs a comparison, and a task
//! keeps nothing for it: its number and how often it was polled are in a table, by the task's
//! address, while somebody listens.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lesson_waker::parts::event::emit;
use tracing::trace;

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
    emit(move || trace!(target: "executor", event = "spawn", task = name(task, 0).number, name = word(future)));
}

/// It goes into the queue (`enqueue`) or leaves it (`dequeue`), or its future goes (`drop`).
#[inline]
pub(crate) fn task(event: &'static str, task: usize) {
    emit(move || trace!(target: "executor", event, task = name(task, 0).number));
}

/// A poll begins.
#[inline]
pub(crate) fn poll(task: usize) {
    emit(move || {
        let Name { number, polls } = name(task, 1);
        trace!(target: "executor", event = "poll", task = number, n = polls, waker = 1);
    });
}

/// A poll has ended: `pending`, `ready` or `panic`.
#[inline]
pub(crate) fn polled(event: &'static str, task: usize) {
    emit(move || {
        let Name { number, polls } = name(task, 0);
        trace!(target: "executor", event, task = number, n = polls);
    });
}

/// Its waker is about to be cloned (`clone`), or dropped (`release`).
#[inline]
pub(crate) fn waker(event: &'static str, task: usize) {
    emit(move || trace!(target: "executor", event, task = name(task, 0).number, waker = 1));
}

/// It is about to be woken, by `value` or by `ref`.
#[inline]
pub(crate) fn wake(by: &'static str, task: usize) {
    emit(move || trace!(target: "executor", event = "wake", task = name(task, 0).number, waker = 1, by));
}

/// A worker has taken so many tasks from another one's queue.
#[inline]
pub(crate) fn steal(from: usize, to: usize, count: usize) {
    emit(move || trace!(target: "executor", event = "steal", from, to, count));
}

/// The driver that workers share has its turn.
#[inline]
pub(crate) fn turn() {
    emit(|| trace!(target: "executor", event = "turn"));
}

/// The task is freed, and its address may be that of another one.
#[inline]
pub(crate) fn gone(task: usize) {
    emit(move || {
        names().of.remove(&task);
    });
}

/// What to call the task, which is polled `polls` times more. The lock is released before the event
/// is emitted.
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
