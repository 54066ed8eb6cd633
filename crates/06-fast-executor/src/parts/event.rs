//! What the executors report to a recording. Without a recording, an event costs a comparison.
//! During a recording, a table maps the address of each task to its number and to the number of
//! its polls. So a task has no field for them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub(crate) use lesson_waker::parts::event::emit;
use tracing::trace;

/// How a recording names a task.
#[derive(Clone, Copy)]
struct TaskName {
    number: u64,
    polls: u64,
}

struct TaskNames {
    last: u64,
    by_address: BTreeMap<usize, TaskName>,
}

static NAMES: Mutex<TaskNames> = Mutex::new(TaskNames { last: 0, by_address: BTreeMap::new() });

/// A task is created for a future of this type.
#[inline]
pub(crate) fn spawn(task: usize, future: &'static str) {
    emit(move || {
        trace!(target: "fast-executor", event = "spawn", task = name(task, 0).number, name = function_of(future));
    });
}

/// The task enters the run queue (`enqueue`) or leaves it (`dequeue`), or its future is dropped
/// (`drop`).
#[inline]
pub(crate) fn task(event: &'static str, task: usize) {
    emit(move || trace!(target: "fast-executor", event, task = name(task, 0).number));
}

/// A poll begins.
#[inline]
pub(crate) fn poll(task: usize) {
    emit(move || {
        let TaskName { number, polls } = name(task, 1);
        trace!(target: "fast-executor", event = "poll", task = number, n = polls, waker = 1);
    });
}

/// A poll has ended: `pending`, `ready` or `panic`.
#[inline]
pub(crate) fn polled(event: &'static str, task: usize) {
    emit(move || {
        let TaskName { number, polls } = name(task, 0);
        trace!(target: "fast-executor", event, task = number, n = polls);
    });
}

/// The task's waker is about to be cloned (`clone`) or dropped (`release`).
#[inline]
pub(crate) fn waker(event: &'static str, task: usize) {
    emit(move || trace!(target: "fast-executor", event, task = name(task, 0).number, waker = 1));
}

/// The task is about to be woken, by `value` or by `ref`.
#[inline]
pub(crate) fn wake(by: &'static str, task: usize) {
    emit(move || trace!(target: "fast-executor", event = "wake", task = name(task, 0).number, waker = 1, by));
}

/// A worker has stolen tasks from the queue of another worker.
#[inline]
pub(crate) fn steal(from: usize, to: usize, count: usize) {
    emit(move || trace!(target: "fast-executor", event = "steal", from, to, count));
}

/// The driver has its turn between two polls.
#[inline]
pub(crate) fn turn() {
    emit(|| trace!(target: "fast-executor", event = "turn"));
}

/// The task is freed. A later task may have its address.
#[inline]
pub(crate) fn gone(task: usize) {
    emit(move || {
        names().by_address.remove(&task);
    });
}

/// Returns the name of a task, and adds to the number of its polls. The caller emits its event
/// after this, without the lock.
fn name(task: usize, polls: u64) -> TaskName {
    let mut names = names();
    let TaskNames { last, by_address } = &mut *names;
    let name = by_address.entry(task).or_insert_with(|| {
        *last += 1;
        TaskName { number: *last, polls: 0 }
    });
    name.polls += polls;
    *name
}

fn names() -> MutexGuard<'static, TaskNames> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the `async fn` or of the type in the full name of a future's type: `ping` for
/// `scenes::ping::{{closure}}`.
fn function_of(future: &'static str) -> &'static str {
    let path = future.split_once('<').map_or(future, |(path, _)| path);
    let mut words = path.rsplit("::");
    words.find(|word| !word.starts_with('{') && !word.is_empty()).unwrap_or(future)
}

#[cfg(test)]
mod tests {
    use super::function_of;

    #[test]
    fn a_task_has_the_name_of_the_function_that_made_its_future() {
        for (future, expected) in [
            ("fast_executor::scenes::ping::{{closure}}", "ping"),
            ("fast_executor::scenes::play::{{closure}}::{{closure}}", "play"),
            ("fast_executor::scenes::play<u32>::{{closure}}", "play"),
            ("core::future::poll_fn::PollFn<fast_executor::main::{{closure}}>", "PollFn"),
            ("<T as Trait>::run", "<T as Trait>::run"),
        ] {
            assert_eq!(function_of(future), expected);
        }
    }
}
