//! The run queue of one worker. It alone puts tasks in, at the end; it and the others take them
//! out, at the front, the others half of them at once. After the run queue of Go's scheduler
//! (`runtime/proc.go`, `runqput`, `runqget` and `runqgrab`).

#![allow(unsafe_code)]

use std::{
    array,
    cell::Cell,
    marker::PhantomData,
    ptr::{self, NonNull},
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

use crate::{
    parts::task::{Task, Woken, cell::Head},
    sync::{Apart, AtomicPtr, AtomicUsize},
};

/// How many entries there is room for.
#[cfg(not(any(loom_model, shuttle_model)))]
pub const ROOM: usize = 256;
/// As few as there can be, for models.
#[cfg(any(loom_model, shuttle_model))]
pub const ROOM: usize = 4;

// ANCHOR: ring
/// What others see of a worker's queue: they take tasks out.
pub struct Ring {
    /// The number of the first entry. Whoever moves it on has taken those that it passes. It counts
    /// all entries there ever were and does not begin anew: with a million entries a millisecond
    /// that would take 500 years. So if it has not changed, neither have the slots from there on.
    head: Apart<AtomicUsize>,
    /// The number of the first that is still to come. The worker's to write.
    tail: Apart<AtomicUsize>,
    /// Each entry, by its number. The worker's to write, once the head has passed what was there;
    /// anybody's to read, and what was read counts once the head has been moved.
    slots: [AtomicPtr<Head>; ROOM],
}

/// The worker's end of its queue. There is one, and it is of use on one thread at a time.
pub struct Local {
    ring: Arc<Ring>,
    on_one_thread: PhantomData<Cell<()>>,
}
// ANCHOR_END: ring

/// A queue: the worker's end, and what the others have of it.
pub fn ring() -> (Local, Arc<Ring>) {
    let slots = array::from_fn(|_| AtomicPtr::new(ptr::null_mut()));
    let ring = Arc::new(Ring { head: Apart(AtomicUsize::new(0)), tail: Apart(AtomicUsize::new(0)), slots });
    (Local { ring: Arc::clone(&ring), on_one_thread: PhantomData }, ring)
}

impl Local {
    // ANCHOR: push
    /// Puts an entry at the end. If there is no room, it and the older half of the others do not
    /// fit.
    #[inline]
    pub fn push(&self, woken: Woken) -> Result<(), Vec<Woken>> {
        let Ring { head, tail, slots } = &*self.ring;
        let end = tail.0.load(Relaxed);
        // Whoever moved the head has read what it has passed.
        let head = head.0.load(Acquire);
        if end - head == ROOM {
            return self.overflow(head, woken);
        }
        slots[end % ROOM].store(woken.0.into_raw().as_ptr(), Relaxed);
        // Who sees this sees the slot, and the task.
        tail.0.store(end + 1, Release);
        Ok(())
    }

    /// Puts so many at the end as there is [room](Local::room) for, and no more. Others see all of
    /// them at once.
    pub fn extend(&self, woken: impl ExactSizeIterator<Item = Woken>) {
        debug_assert!(woken.len() <= self.room(), "only its worker fills a queue");
        let Ring { tail, slots, .. } = &*self.ring;
        let end = tail.0.load(Relaxed);
        let after = end + woken.len();
        for (number, woken) in (end..after).zip(woken) {
            slots[number % ROOM].store(woken.0.into_raw().as_ptr(), Relaxed);
        }
        tail.0.store(after, Release);
    }

    /// Of a queue that is full, as seen with this head: with a later one there may be fewer than
    /// half.
    #[cold]
    fn overflow(&self, head: usize, woken: Woken) -> Result<(), Vec<Woken>> {
        let Some(mut half) = self.take_first(head, ROOM / 2) else {
            // There is room now.
            return self.push(woken);
        };
        half.push(woken);
        Err(half)
    }
    // ANCHOR_END: push

    /// Takes the first.
    #[inline]
    pub fn pop(&self) -> Option<Woken> {
        let end = self.ring.tail.0.load(Relaxed);
        let mut head = self.ring.head.0.load(Acquire);
        while head != end {
            let task = self.ring.read(head);
            match self.ring.take(head, 1) {
                // SAFETY: the head has been moved over it, by this.
                Ok(()) => return Some(unsafe { entry(task) }),
                Err(now) => head = now,
            }
        }
        None
    }

    /// Takes all.
    pub fn take_all(&self) -> Vec<Woken> {
        let end = self.ring.tail.0.load(Relaxed);
        loop {
            let head = self.ring.head.0.load(Acquire);
            if let Some(all) = self.take_first(head, end - head) {
                return all;
            }
        }
    }

    /// Takes so many, and there are as many from this head on, unless somebody has moved it.
    fn take_first(&self, head: usize, count: usize) -> Option<Vec<Woken>> {
        let first: Vec<_> = (head..head + count).map(|number| self.ring.read(number)).collect();
        self.ring.take(head, count).ok()?;
        // SAFETY: the head has been moved over them, by this.
        Some(first.into_iter().map(|task| unsafe { entry(task) }).collect())
    }

    /// For how many more there is room, at least.
    pub fn room(&self) -> usize {
        ROOM - self.ring.len()
    }

    // ANCHOR: steal
    /// Takes half of what another worker has, rounded up, and so many at most: one to run, the
    /// others into this queue. How many that were.
    pub fn steal(&self, from: &Ring, most: usize) -> Option<(Woken, usize)> {
        let Ring { tail, slots, .. } = &*self.ring;
        let end = tail.0.load(Relaxed);
        let mut head = from.head.0.load(Acquire);
        loop {
            let there = from.tail.0.load(Acquire) - head;
            let half = there - there / 2;
            if half == 0 {
                return None;
            }
            // If the head is an old one, these are any numbers, and will not count.
            let half = half.min(most).min(self.room() + 1);
            let first = from.read(head);
            for number in 1..half {
                let task = from.read(head + number);
                slots[(end + number - 1) % ROOM].store(task.map_or(ptr::null_mut(), NonNull::as_ptr), Relaxed);
            }
            match from.take(head, half) {
                Ok(()) => {
                    tail.0.store(end + half - 1, Release);
                    // SAFETY: the head has been moved over it, by this.
                    return Some((unsafe { entry(first) }, half));
                }
                Err(now) => head = now,
            }
        }
    }
    // ANCHOR_END: steal
}

impl std::ops::Deref for Local {
    type Target = Ring;

    fn deref(&self) -> &Ring {
        &self.ring
    }
}

impl Drop for Local {
    /// Nobody puts anything in any more, and nothing stays behind.
    fn drop(&mut self) {
        while let Some(woken) = self.pop() {
            drop(woken);
        }
    }
}

impl Ring {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        // In this order: the tail is no older than the head.
        let head = self.head.0.load(Acquire);
        (self.tail.0.load(Acquire) - head).min(ROOM)
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head.0.load(Acquire) == self.tail.0.load(Acquire)
    }

    fn read(&self, number: usize) -> Option<NonNull<Head>> {
        NonNull::new(self.slots[number % ROOM].load(Relaxed))
    }

    /// Moves the head on, unless somebody has; then where it is now. What was read before is read
    /// before.
    fn take(&self, head: usize, count: usize) -> Result<(), usize> {
        self.head.0.compare_exchange(head, head + count, AcqRel, Acquire).map(drop)
    }
}

/// The entry of a slot.
///
/// # Safety
///
/// The head has been moved over the slot by the caller, since it was read.
unsafe fn entry(task: Option<NonNull<Head>>) -> Woken {
    let task = task.expect("between the head and the tail there are entries");
    // SAFETY: it came from `into_raw` in `push`, and of all who have read it, one has moved the
    // head, who is the caller.
    Woken(unsafe { Task::from_raw(task) })
}
