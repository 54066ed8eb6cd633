//! The child that a check hands to a combinator: it does as the check says, and notes what is done
//! to it.

use std::{
    cell::RefCell,
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::tested::Held;
use crate::probe::{Canary, Seen, canary, meanwhile::Event};

/// A future that a check makes, for a combinator to poll. It is `Send`, and not `Unpin`.
///
/// Like its [`Canary`] it is only a number, so that even a second drop of it is counted, and frees
/// nothing twice.
#[derive(Debug)]
pub struct Child {
    number: usize,
    canary: Canary,
}

/// What a child yields.
const OUTPUT: u32 = 7;

/// What a child does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Does {
    /// It waits for its event.
    Waits,
    /// It is ready at the first poll.
    Ready,
    /// It is pending, and keeps no waker.
    Nothing,
    /// It wakes itself in each poll and is never ready.
    Busy,
    /// It panics when polled.
    PanicsInPoll,
    /// It does what the nested future does.
    Nests,
}

/// What is known of a child; it outlives it.
#[derive(Debug)]
pub(super) struct Life {
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

/// What is known of each child, by its number.
fn lives() -> MutexGuard<'static, Vec<Arc<Life>>> {
    static LIVES: Mutex<Vec<Arc<Life>>> = Mutex::new(Vec::new());
    LIVES.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// The nested futures, by their child's number: so that a child is `Send` although they are
    /// not.
    static NESTED: RefCell<HashMap<usize, Held>> = RefCell::default();
}

impl Child {
    /// A child, and what will be known of it.
    pub(super) fn new(does: Does) -> (Child, Arc<Life>) {
        Child::made(does, false)
    }

    /// The same, whose drop panics, unless the thread is panicking already.
    pub(super) fn panicking_in_drop(does: Does) -> (Child, Arc<Life>) {
        Child::made(does, true)
    }

    fn made(does: Does, panics_in_drop: bool) -> (Child, Arc<Life>) {
        let (canary, seen) = canary();
        let life = Arc::new(Life { does, panics_in_drop, seen, state: Mutex::default() });
        let mut lives = lives();
        lives.push(Arc::clone(&life));
        (Child { number: lives.len() - 1, canary }, life)
    }

    /// A child that is another future, on this thread.
    pub(super) fn nesting(inner: Held) -> Child {
        let (child, _) = Child::new(Does::Nests);
        NESTED.with_borrow_mut(|nested| nested.insert(child.number, inner));
        child
    }

    fn life(&self) -> Arc<Life> {
        Arc::clone(&lives()[self.number])
    }

    fn nested(&self) -> Option<Held> {
        NESTED.with_borrow_mut(|nested| nested.remove(&self.number))
    }
}

impl Future for Child {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        self.canary.polled();
        let life = self.life();
        assert!(!life.state().ready, "polled again after it was ready");
        life.state().polls += 1;
        let ready = match life.does {
            Does::Waits => life.poll_event(cx),
            Does::Ready => true,
            Does::Nothing => false,
            Does::Busy => {
                cx.waker().wake_by_ref();
                // Whoever polls it in a loop until it is pending no more gets out of that loop, too
                // late.
                life.polls() >= Life::TOO_OFTEN
            }
            Does::PanicsInPoll => panic!("a child that panics when polled"),
            Does::Nests => {
                let mut inner = self.nested().expect("a child is polled on the thread that nested it");
                let ready = inner.as_mut().poll(cx).is_ready();
                NESTED.with_borrow_mut(|nested| nested.insert(self.number, inner));
                ready
            }
        };
        life.state().ready = ready;
        if ready { Poll::Ready(OUTPUT) } else { Poll::Pending }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let life = self.life();
        let waker = life.state().waker.take();
        drop(waker);
        let nested = self.nested();
        drop(nested);
        if life.panics_in_drop && !std::thread::panicking() {
            panic!("a child that panics when dropped");
        }
    }
}

impl Life {
    /// How often a busy child is polled at most.
    pub(super) const TOO_OFTEN: usize = 10_000;

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers first and looks then, and holds no lock while anything is done with a waker.
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

    /// The event of a child that waits.
    pub(super) fn event(self: &Arc<Self>) -> Event {
        let life = Arc::clone(self);
        Box::new(move || {
            let waker = {
                let mut state = life.state();
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
