//! All run queues of a pool that steals: one ring for each worker, and the injector. A worker finds
//! its own ring through a thread-local.

use std::{cell::RefCell, iter, ops::Deref, ptr, rc::Rc, sync::Arc};

use super::{
    injector::Injector,
    ring::{LocalRing, RING_SIZE, TaskRing, ring},
};
use crate::{
    parts::{event, task::ScheduledTask},
    sync::thread_local,
};

/// The number of polls after which a worker takes one injected task, even if its own queue is full.
/// 61 is prime, so it does not resonate with loops of round numbers.
const POLLS_PER_INJECTED: u32 = 61;
/// The number of polls after which a worker helps tasks for which that is not enough.
const POLLS_PER_ROUND: u32 = 16 * POLLS_PER_INJECTED;

/// The queues of all workers, and the injector.
pub struct StealingQueues {
    /// One ring for each worker, by its number.
    rings: Vec<Arc<TaskRing>>,
    injector: Injector,
}

/// The place that a task was pushed to.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub enum PushedTo {
    /// The queue of the worker that pushed it, where it is alone: that worker takes it next.
    Next,
    /// The queue of the worker that pushed it, behind other tasks.
    Behind,
    /// The injector.
    Injector,
}

/// The worker that this thread is.
pub struct CurrentWorker {
    number: usize,
    ring: LocalRing,
    /// The queues of its pool. Used only to compare addresses.
    queues: *const StealingQueues,
}

thread_local! {
    static WORKER: RefCell<Option<Rc<CurrentWorker>>> = const { RefCell::new(None) };
}

impl StealingQueues {
    /// Creates empty queues, and the ends of the rings that the workers keep.
    pub fn new(workers: usize) -> (Self, Vec<LocalRing>) {
        let (locals, rings) = iter::repeat_with(ring).take(workers).unzip();
        (StealingQueues { rings, injector: Injector::new() }, locals)
    }

    // ANCHOR: push
    /// Pushes a task into the queue of this thread, if it is a worker of this pool, else into the
    /// injector.
    #[inline]
    pub fn push(&self, task: ScheduledTask) -> PushedTo {
        let mut task = Some(task);
        let pushed = WORKER.try_with(|worker| match (&*worker.borrow(), &mut task) {
            (Some(worker), task) if ptr::eq(worker.queues, self) => Some(self.push_own(&worker.ring, task.take()?)),
            _ => None,
        });
        if let Ok(Some(place)) = pushed {
            return place;
        }
        self.injector.push(task);
        PushedTo::Injector
    }

    fn push_own(&self, ring: &LocalRing, task: ScheduledTask) -> PushedTo {
        let place = if ring.is_empty() { PushedTo::Next } else { PushedTo::Behind };
        match ring.push(task) {
            Ok(()) => place,
            Err(overflow) => {
                self.injector.push(overflow);
                PushedTo::Injector
            }
        }
    }
    // ANCHOR_END: push

    // ANCHOR: next
    /// Takes the next task for this worker: the first one of its own queue, or if that is empty, an
    /// injected one. `polls` is the number of polls so far; at some numbers it takes another task.
    #[inline]
    pub fn next(&self, worker: &CurrentWorker, polls: u32) -> Option<ScheduledTask> {
        let first = if polls.is_multiple_of(POLLS_PER_INJECTED) { self.look(worker, polls) } else { None };
        first.or_else(|| worker.ring.pop()).or_else(|| self.injector.take(&worker.ring, self.rings.len()))
    }

    /// Takes a task that would wait forever while this worker's own queue is never empty.
    #[cold]
    fn look(&self, worker: &CurrentWorker, polls: u32) -> Option<ScheduledTask> {
        if !polls.is_multiple_of(POLLS_PER_ROUND) {
            return self.injector.take_one();
        }
        // Another worker may block in a poll while none is idle: take a task from one of them, each
        // time from a different one first.
        let stolen = self.steal_from(worker, (polls / POLLS_PER_ROUND) as usize, 1);
        if !self.injector.is_empty() {
            // A task that always comes back into the own queue may spawn tasks faster than one in
            // 61 polls takes them. So it waits behind them once.
            self.injector.push(worker.ring.take_all());
        }
        stolen.or_else(|| self.injector.take_one())
    }

    /// Steals half of another worker's tasks, starting with the neighbour. Returns one of them, and
    /// moves the others into the own queue.
    pub fn steal(&self, worker: &CurrentWorker) -> Option<ScheduledTask> {
        self.steal_from(worker, 0, RING_SIZE)
    }

    fn steal_from(&self, worker: &CurrentWorker, after: usize, most: usize) -> Option<ScheduledTask> {
        let others = self.rings.len() - 1;
        let at = |step| (worker.number + 1 + (after + step) % others) % self.rings.len();
        let (from, (task, count)) =
            (0..others).map(at).find_map(|other| Some((other, worker.ring.steal(&self.rings[other], most)?)))?;
        event::steal(from, worker.number, count);
        Some(task)
    }
    // ANCHOR_END: next

    /// Whether any queue holds a task.
    pub fn is_more(&self) -> bool {
        !self.injector.is_empty() || self.rings.iter().any(|ring| !ring.is_empty())
    }

    /// Closes the injector. A worker drops the entries of its own queue when it ends.
    pub fn close(&self) {
        self.injector.close();
    }
}

impl CurrentWorker {
    /// Makes this thread the worker of this number, until the guard is dropped. That also drops the
    /// tasks that are left in its queue.
    pub fn enter(queues: &StealingQueues, number: usize, ring: LocalRing) -> WorkerGuard {
        let worker = Rc::new(CurrentWorker { number, ring, queues });
        WORKER.with(|place| place.replace(Some(Rc::clone(&worker))));
        WorkerGuard(worker)
    }

    /// Whether its own queue holds a task that another worker could steal.
    #[inline]
    pub fn is_more(&self) -> bool {
        !self.ring.is_empty()
    }
}

/// Guard: its thread is a worker.
pub struct WorkerGuard(Rc<CurrentWorker>);

impl Deref for WorkerGuard {
    type Target = CurrentWorker;

    fn deref(&self) -> &CurrentWorker {
        &self.0
    }
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        // The last reference drops what is left in the queue, so the `RefCell` is not borrowed
        // here.
        let worker = WORKER.try_with(RefCell::take);
        drop(worker);
    }
}
