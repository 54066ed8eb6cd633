//! The run queue of one worker. Only that worker pushes, at the end. It takes tasks at the front;
//! other workers steal there, half of the tasks at once. The design is that of Go's scheduler
//! (`runtime/proc.go`: `runqput`, `runqget` and `runqgrab`).

#![allow(unsafe_code)]

use std::{
    array,
    cell::Cell,
    iter,
    marker::PhantomData,
    ops::Deref,
    ptr::{self, NonNull},
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

use crate::{
    parts::task::{ScheduledTask, TaskRef, cell::TaskHeader},
    sync::{AtomicPtr, AtomicUsize, CacheAligned},
};

/// The maximum number of entries.
#[cfg(not(any(loom_model, shuttle_model)))]
pub const RING_SIZE: usize = 256;
/// In a model, the smallest number with which everything can happen.
#[cfg(any(loom_model, shuttle_model))]
pub const RING_SIZE: usize = 4;

// ANCHOR: ring
/// The part of a worker's queue that other workers use: they take tasks.
pub struct TaskRing {
    /// The number of the first entry. A thread takes entries by moving it past them.
    ///
    /// It counts all entries there ever were, and never starts again: with a million entries a
    /// millisecond that would take 500 years. So if it has not changed, neither have the slots from
    /// there on.
    head: CacheAligned<AtomicUsize>,
    /// The number of the next entry that will be pushed. Only the worker writes it.
    tail: CacheAligned<AtomicUsize>,
    /// The entries, by their numbers. Only the worker writes a slot, once the head has passed it.
    /// Any thread reads a slot; what it read counts only if it then moves the head.
    slots: [AtomicPtr<TaskHeader>; RING_SIZE],
}

/// The worker's end of its queue. There is one for each ring, and one thread uses it at a time.
pub struct LocalRing {
    ring: Arc<TaskRing>,
    on_one_thread: PhantomData<Cell<()>>,
}
// ANCHOR_END: ring

/// Creates an empty queue: the worker's end, and the part that others use.
pub fn ring() -> (LocalRing, Arc<TaskRing>) {
    let slots = array::from_fn(|_| AtomicPtr::new(ptr::null_mut()));
    let (head, tail) = (CacheAligned(AtomicUsize::new(0)), CacheAligned(AtomicUsize::new(0)));
    let ring = Arc::new(TaskRing { head, tail, slots });
    (LocalRing { ring: Arc::clone(&ring), on_one_thread: PhantomData }, ring)
}

impl LocalRing {
    // ANCHOR: push
    /// Pushes a task at the end. If the queue is full, the task and the older half of the queue are
    /// returned.
    #[inline]
    pub fn push(&self, task: ScheduledTask) -> Result<(), Vec<ScheduledTask>> {
        let TaskRing { head, tail, slots } = &*self.ring;
        let end = tail.0.load(Relaxed);
        // `Acquire`: a thread that has moved the head has read the slots before it.
        let head = head.0.load(Acquire);
        if end - head == RING_SIZE {
            return self.overflow(head, task);
        }
        slots[end % RING_SIZE].store(task.0.into_raw().as_ptr(), Relaxed);
        // `Release`: a thread that sees the new tail sees the slot and the task.
        tail.0.store(end + 1, Release);
        Ok(())
    }

    /// Pushes tasks at the end, at most as many as there is [room](LocalRing::room) for. Others see
    /// all of them at once.
    pub fn extend(&self, tasks: impl ExactSizeIterator<Item = ScheduledTask>) {
        debug_assert!(tasks.len() <= self.room(), "only its worker fills a queue");
        let TaskRing { tail, slots, .. } = &*self.ring;
        let end = tail.0.load(Relaxed);
        let after = end + tasks.len();
        for (number, task) in (end..after).zip(tasks) {
            slots[number % RING_SIZE].store(task.0.into_raw().as_ptr(), Relaxed);
        }
        tail.0.store(after, Release);
    }

    /// Takes half of the entries. `head` must be the head with which the queue was full: after a
    /// later head there may be fewer entries than that.
    #[cold]
    fn overflow(&self, head: usize, task: ScheduledTask) -> Result<(), Vec<ScheduledTask>> {
        let Some(mut half) = self.take_first(head, RING_SIZE / 2) else {
            // Another worker has stolen some, so there is room now.
            return self.push(task);
        };
        half.push(task);
        Err(half)
    }
    // ANCHOR_END: push

    /// Takes the first task.
    #[inline]
    pub fn pop(&self) -> Option<ScheduledTask> {
        let end = self.ring.tail.0.load(Relaxed);
        let mut head = self.ring.head.0.load(Acquire);
        while head != end {
            let task = self.ring.read(head);
            match self.ring.take(head, 1) {
                // SAFETY: this thread read the slot and then moved the head past it.
                Ok(()) => return Some(unsafe { entry(task) }),
                Err(now) => head = now,
            }
        }
        None
    }

    /// Takes all tasks.
    pub fn take_all(&self) -> Vec<ScheduledTask> {
        let end = self.ring.tail.0.load(Relaxed);
        loop {
            let head = self.ring.head.0.load(Acquire);
            if let Some(all) = self.take_first(head, end - head) {
                return all;
            }
        }
    }

    /// Takes `count` tasks from this head on; there are at least that many. Returns `None` if
    /// another thread has moved the head.
    fn take_first(&self, head: usize, count: usize) -> Option<Vec<ScheduledTask>> {
        let first: Vec<_> = (head..head + count).map(|number| self.ring.read(number)).collect();
        self.ring.take(head, count).ok()?;
        // SAFETY: this thread read the slots and then moved the head past them.
        Some(first.into_iter().map(|task| unsafe { entry(task) }).collect())
    }

    /// The number of tasks for which there is room, at least.
    pub fn room(&self) -> usize {
        RING_SIZE - self.ring.len()
    }

    // ANCHOR: steal
    /// Steals half of another worker's tasks, rounded up, at most `most` of them. Returns one of
    /// them and their number, and moves the others into this queue.
    pub fn steal(&self, from: &TaskRing, most: usize) -> Option<(ScheduledTask, usize)> {
        let TaskRing { tail, slots, .. } = &*self.ring;
        let end = tail.0.load(Relaxed);
        let mut head = from.head.0.load(Acquire);
        loop {
            let there = from.tail.0.load(Acquire) - head;
            let half = there - there / 2;
            if half == 0 {
                return None;
            }
            // If the head has moved meanwhile, this number is wrong, and `take` below fails.
            let half = half.min(most).min(self.room() + 1);
            let first = from.read(head);
            for number in 1..half {
                let task = from.read(head + number);
                slots[(end + number - 1) % RING_SIZE].store(task.map_or(ptr::null_mut(), NonNull::as_ptr), Relaxed);
            }
            match from.take(head, half) {
                Ok(()) => {
                    tail.0.store(end + half - 1, Release);
                    // SAFETY: this thread read the slot and then moved the head past it.
                    return Some((unsafe { entry(first) }, half));
                }
                Err(now) => head = now,
            }
        }
    }
    // ANCHOR_END: steal
}

impl Deref for LocalRing {
    type Target = TaskRing;

    fn deref(&self) -> &TaskRing {
        &self.ring
    }
}

impl Drop for LocalRing {
    /// Drops the entries that are left. Nobody pushes any more.
    fn drop(&mut self) {
        iter::from_fn(|| self.pop()).for_each(drop);
    }
}

impl TaskRing {
    /// The number of entries.
    pub fn len(&self) -> usize {
        // In this order: the tail is read later, so it is not behind the head.
        let head = self.head.0.load(Acquire);
        (self.tail.0.load(Acquire) - head).min(RING_SIZE)
    }

    /// Whether there is no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head.0.load(Acquire) == self.tail.0.load(Acquire)
    }

    fn read(&self, number: usize) -> Option<NonNull<TaskHeader>> {
        NonNull::new(self.slots[number % RING_SIZE].load(Relaxed))
    }

    /// Moves the head past `count` entries. Fails if another thread has moved it, and returns where
    /// it is now. `Release`: the slots were read before this.
    fn take(&self, head: usize, count: usize) -> Result<(), usize> {
        self.head.0.compare_exchange(head, head + count, AcqRel, Acquire).map(drop)
    }
}

/// Makes an entry of what was read from a slot.
///
/// # Safety
///
/// After the read, the caller has moved the head past the slot.
unsafe fn entry(task: Option<NonNull<TaskHeader>>) -> ScheduledTask {
    let task = task.expect("each slot between head and tail holds a task");
    // SAFETY: `push` or `extend` put the reference here with `into_raw`. Many threads may have read
    // the slot, but only the one that moved the head past it makes an entry.
    ScheduledTask(unsafe { TaskRef::from_raw(task) })
}
