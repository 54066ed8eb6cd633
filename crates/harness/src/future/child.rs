//! The child future that a check gives to a combinator: the check chooses what it does, and it
//! records its polls, drops and moves.

use std::{
    cell::RefCell,
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::held::Held;
use crate::probe::{Canary, Seen, canary, meanwhile::Event};

/// A future that a check makes for a combinator to poll. It is `Send` but not `Unpin`.
///
/// Like its [`Canary`] it holds only a number. So a second drop is counted and does not free memory
/// twice.
#[derive(Debug)]
pub struct Child {
    number: usize,
    canary: Canary,
}

/// The output of every child.
const OUTPUT: u32 = 7;

/// The behaviour of a child when it is polled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Does {
    /// It waits for its event.
    Waits,
    /// It is ready at the first poll.
    Ready,
    /// It is pending and keeps no waker.
    Nothing,
    /// It wakes itself in each poll, and is ready only after [`ChildRecord::TOO_OFTEN`] polls.
    Busy,
    /// It panics.
    PanicsInPoll,
    /// It polls a nested future.
    Nests,
}

/// The record of a child, shared with the check. It outlives the child.
#[derive(Debug)]
pub(super) struct ChildRecord {
    does: Does,
    panics_in_drop: bool,
    seen: Seen,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    happened: bool,
    waker: Option<Waker>,
    polls: usize,
    ready: bool,
}

/// The record of each child, by its number.
fn records() -> MutexGuard<'static, Vec<Arc<ChildRecord>>> {
    static RECORDS: Mutex<Vec<Arc<ChildRecord>>> = Mutex::new(Vec::new());
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// The nested futures, by the number of their child. A child is `Send` because its nested
    /// future, which is not, stays here.
    static NESTED: RefCell<HashMap<usize, Held>> = RefCell::default();
}

impl Child {
    /// Makes a child and its record.
    pub(super) fn new(does: Does) -> (Child, Arc<ChildRecord>) {
        Child::made(does, false)
    }

    /// Like [`new`](Self::new), but the child's drop panics, unless the thread is already
    /// panicking.
    pub(super) fn panicking_in_drop(does: Does) -> (Child, Arc<ChildRecord>) {
        Child::made(does, true)
    }

    fn made(does: Does, panics_in_drop: bool) -> (Child, Arc<ChildRecord>) {
        let (canary, seen) = canary();
        let record = Arc::new(ChildRecord { does, panics_in_drop, seen, state: Mutex::default() });
        let mut records = records();
        records.push(Arc::clone(&record));
        (Child { number: records.len() - 1, canary }, record)
    }

    /// A child that polls `inner`, on this thread only.
    pub(super) fn nesting(inner: Held) -> Child {
        let (child, _) = Child::new(Does::Nests);
        NESTED.with_borrow_mut(|nested| nested.insert(child.number, inner));
        child
    }

    fn record(&self) -> Arc<ChildRecord> {
        Arc::clone(&records()[self.number])
    }

    fn nested(&self) -> Option<Held> {
        NESTED.with_borrow_mut(|nested| nested.remove(&self.number))
    }
}

impl Future for Child {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        self.canary.polled();
        let record = self.record();
        assert!(!record.state().ready, "a child was polled again after it was ready");
        record.state().polls += 1;
        let ready = match record.does {
            Does::Waits => record.poll_event(cx),
            Does::Ready => true,
            Does::Nothing => false,
            Does::Busy => {
                cx.waker().wake_by_ref();
                // It ends at some time, because a combinator may poll it in a loop until it is
                // ready.
                record.polls() >= ChildRecord::TOO_OFTEN
            }
            Does::PanicsInPoll => panic!("a child that panics when polled"),
            Does::Nests => {
                let mut inner = self.nested().expect("a child is polled on the thread that nested it");
                let ready = inner.as_mut().poll(cx).is_ready();
                NESTED.with_borrow_mut(|nested| nested.insert(self.number, inner));
                ready
            }
        };
        record.state().ready = ready;
        if ready { Poll::Ready(OUTPUT) } else { Poll::Pending }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let record = self.record();
        let waker = record.state().waker.take();
        drop(waker);
        let nested = self.nested();
        drop(nested);
        if record.panics_in_drop && !std::thread::panicking() {
            panic!("a child that panics when dropped");
        }
    }
}

impl ChildRecord {
    /// The number of polls after which a busy child is ready.
    pub(super) const TOO_OFTEN: usize = 10_000;

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers the waker first and tests for the event afterwards. Holds no lock while it clones
    /// or drops a waker.
    fn poll_event(&self, cx: &mut Context<'_>) -> bool {
        let waker = cx.waker().clone();
        let old = self.state().waker.replace(waker);
        drop(old);
        let waker = {
            let mut state = self.state();
            if state.happened { state.waker.take() } else { return false }
        };
        drop(waker);
        true
    }

    /// The function that makes a waiting child ready, and wakes it.
    pub(super) fn event(self: &Arc<Self>) -> Event {
        let record = Arc::clone(self);
        Box::new(move || {
            let waker = {
                let mut state = record.state();
                state.happened = true;
                state.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        })
    }

    pub(super) fn polls(&self) -> usize {
        self.state().polls
    }

    pub(super) fn is_ready(&self) -> bool {
        self.state().ready
    }

    pub(super) fn drops(&self) -> usize {
        self.seen.drops()
    }

    pub(super) fn moves(&self) -> usize {
        self.seen.moves()
    }
}
