//! All run queues of a pool that steals: one a worker, and the injector. A thread that is a worker
//! finds its own by itself.

use std::{cell::RefCell, iter, ptr, rc::Rc, sync::Arc};

use super::{
    injector::Injector,
    ring::{Local, ROOM, Ring, ring},
};
use crate::{
    parts::{event, task::Woken},
    sync::thread_local,
};

/// After so many polls a worker takes a task from the injector, however many are in its own queue.
const POLLS_PER_LOOK: u32 = 61;
/// And after so many it looks after those for whom that is not enough.
const POLLS_PER_ROUND: u32 = 16 * POLLS_PER_LOOK;

/// The queues of so many workers, and the injector.
pub struct Queues {
    /// By the numbers of their workers.
    rings: Vec<Arc<Ring>>,
    injector: Injector,
}

/// Where an entry has come to.
#[must_use]
#[derive(Debug, Eq, PartialEq)]
pub enum Place {
    /// It is alone in the queue of the worker that has put it there, who takes it next.
    Next,
    /// Behind others in that queue.
    Behind,
    /// Where all take from.
    Injector,
}

/// A worker, on its thread.
pub struct Own {
    number: usize,
    local: Local,
    /// Whose worker it is: to be compared, and no more.
    of: *const Queues,
}

thread_local! {
    static OWN: RefCell<Option<Rc<Own>>> = const { RefCell::new(None) };
}

impl Queues {
    /// All of them empty, and the ends for the workers.
    pub fn new(workers: usize) -> (Self, Vec<Local>) {
        let (locals, rings) = iter::repeat_with(ring).take(workers).unzip();
        (Queues { rings, injector: Injector::new() }, locals)
    }

    // ANCHOR: push
    /// Puts an entry into this thread's own queue, or if it has none here, into the injector.
    #[inline]
    pub fn push(&self, woken: Woken) -> Place {
        let mut woken = Some(woken);
        let own = OWN.try_with(|own| match (&*own.borrow(), &mut woken) {
            (Some(own), woken) if ptr::eq(own.of, self) => Some(self.push_own(&own.local, woken.take()?)),
            _ => None,
        });
        if let Ok(Some(place)) = own {
            return place;
        }
        self.injector.push(woken);
        Place::Injector
    }

    fn push_own(&self, local: &Local, woken: Woken) -> Place {
        let place = if local.is_empty() { Place::Next } else { Place::Behind };
        match local.push(woken) {
            Ok(()) => place,
            Err(overflow) => {
                self.injector.push(overflow);
                Place::Injector
            }
        }
    }
    // ANCHOR_END: push

    // ANCHOR: next
    /// The next for this worker after so many polls: of its own queue, or if that is empty, of the
    /// injector.
    #[inline]
    pub fn next(&self, own: &Own, polls: u32) -> Option<Woken> {
        let first = if polls.is_multiple_of(POLLS_PER_LOOK) { self.look(own, polls) } else { None };
        first.or_else(|| own.local.pop()).or_else(|| self.injector.take(&own.local, self.rings.len()))
    }

    /// One of those for whom it would not come as long as it has something of its own.
    #[cold]
    fn look(&self, own: &Own, polls: u32) -> Option<Woken> {
        if !polls.is_multiple_of(POLLS_PER_ROUND) {
            return self.injector.take_one();
        }
        // Another worker may be blocked, and nobody idle.
        let stolen = self.steal_from(own, (polls / POLLS_PER_ROUND) as usize, 1);
        if !self.injector.is_empty() {
            // A task that always comes back here may spawn more than go from there: so it has to
            // wait behind those for once.
            self.injector.push(own.local.take_all());
        }
        stolen.or_else(|| self.injector.take_one())
    }

    /// Half of what another worker has, beginning with the neighbour: one to run, the others into
    /// this worker's own queue.
    pub fn steal(&self, own: &Own) -> Option<Woken> {
        self.steal_from(own, 0, ROOM)
    }

    fn steal_from(&self, own: &Own, after: usize, most: usize) -> Option<Woken> {
        let others = self.rings.len() - 1;
        let at = |step| (own.number + 1 + (after + step) % others) % self.rings.len();
        let (from, (woken, count)) =
            (0..others).map(at).find_map(|other| Some((other, own.local.steal(&self.rings[other], most)?)))?;
        event::steal(from, own.number, count);
        Some(woken)
    }
    // ANCHOR_END: next

    /// Whether there is an entry in any of them.
    pub fn is_more(&self) -> bool {
        !self.injector.is_empty() || self.rings.iter().any(|ring| !ring.is_empty())
    }

    /// Lets go of what is in the injector, and of what is still to come there. The workers let go
    /// of theirs when they leave.
    pub fn close(&self) {
        self.injector.close();
    }
}

impl Own {
    /// This thread is the worker of that number from now on, until this is dropped: with what is
    /// left in its queue then.
    pub fn enter(queues: &Queues, number: usize, local: Local) -> Entered {
        let own = Rc::new(Own { number, local, of: queues });
        OWN.with(|place| place.replace(Some(Rc::clone(&own))));
        Entered(own)
    }

    /// Whether there is something in its own queue for somebody else, too.
    #[inline]
    pub fn is_more(&self) -> bool {
        !self.local.is_empty()
    }
}

/// While it is there, its thread is a worker.
pub struct Entered(Rc<Own>);

impl std::ops::Deref for Entered {
    type Target = Own;

    fn deref(&self) -> &Own {
        &self.0
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // With the last one goes what is in the queue: not while it is borrowed.
        let own = OWN.try_with(RefCell::take);
        drop(own);
    }
}
